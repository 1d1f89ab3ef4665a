/** See `evaluation.ts`. It prints figures on how the stack coped with the faults; the invariants are tested here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { type EvaluationOutcome, evaluateWithFaults, malformed, plan } from './evaluation.ts';
import { coverage, faultLines } from './fault-plan.ts';
import type { DeadLetter } from './inspection.ts';
import { knownResourceCount } from './known-resources.ts';

/** Milliseconds for all of it, the deployment included; the emulators end with this program. */
const limit = 360_000;

let outcome: EvaluationOutcome;

beforeAll(async () => {
  outcome = await evaluateWithFaults();
  printFigures(outcome);
}, limit);

describe('a thousand events while three calls in ten go wrong', () => {
  it('are a thousand, and meet faults at every service', () => {
    expect(outcome.resources.length).toBe(1_000);
    expect(knownResourceCount).toBe(1_000);
    const { without, share } = coverage(plan, outcome.faults);
    expect(without).toEqual([]);
    expect(share).toBeGreaterThan(0.25);
  });

  it('end each in a verdict, or in a dead letter with its reason', () => {
    const { wrong, letters } = outcome.afterFaults;
    const deadLettered = new Set(letters.flatMap(({ body }) => eventIn(body)));
    const lost = wrong.filter(
      ({ resource: { event }, verdict }) =>
        verdict === undefined && !deadLettered.has(String(event.detail['eventID'])),
    );
    expect(lost.map(({ resource }) => resource.finding)).toEqual([]);
    expect(letters.filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  it('do not displace a malformed message from the DLQ', () => {
    const found = distinct(outcome.afterFaults.letters);
    expect(distinct(malformedInAll).filter((letter) => !found.includes(letter))).toEqual([]);
  });

  it('have their true verdicts after a redrive of the dead letters and one scheduled scan', () => {
    const { empty, wrong, letters } = outcome.afterScheduledScan;
    expect(empty).toBe(true);
    expect(distinct(letters)).toEqual(distinct(malformedInAll));
    expect(wrong.map(({ resource, verdict }) => `${resource.finding}: ${verdict}`)).toEqual([]);
  });

  it('leave one open finding of each resource that fails, and none of the others', () => {
    const open = outcome.resources.map(({ finding, truth }) => {
      const [control] = finding.split('/').slice(1);
      const held = outcome.findings.get(finding) ?? [];
      // A resource that passes, and could not be evaluated at first, has a closed finding.
      const closed = truth === 'PASS' && held.length === 1 && held[0] === `${control} PASSED ACTIVE`;
      return { finding, held: closed ? [] : held };
    });
    expect(open).toEqual(
      outcome.resources.map(({ finding, truth }) => ({
        finding,
        held: truth === 'FAIL' ? [`${finding.split('/')[1]} FAILED ACTIVE`] : [],
      })),
    );
  });

  it('publish no finding that contradicts another or the truth', () => {
    expect(outcome.contradictions).toEqual([]);
  });
});

const malformedInAll = evaluators.flatMap((queue) => malformed.map((body) => ({ queue, body })));

/** Each dead letter once: the same message may have been dead-lettered twice. */
function distinct(letters: readonly Pick<DeadLetter, 'queue' | 'body'>[]): readonly string[] {
  return [...new Set(letters.map(({ queue, body }) => `${queue} ${body}`))].sort();
}

function eventIn(body: string): readonly string[] {
  const message = parseBody(body);
  return message.kind === 'event' && message.event.id !== undefined ? [message.event.id] : [];
}

function printFigures({
  resources,
  faults,
  figures,
  afterFaults,
  afterScheduledScan,
}: EvaluationOutcome): void {
  const rounded = (value: number) => Math.round(value).toLocaleString('en');
  const lines = [
    `events                  ${resources.length}`,
    ...faultLines(faults),
    `calls, and retries      ${rounded(figures.calls)}, ${rounded(figures.retries)}`,
    `refused of batches      ${figures.refused} entries`,
    `re-evaluations          ${figures.reEvaluations}`,
    `dead letters            ${afterFaults.letters.length} after the faults, ${afterScheduledScan.letters.length} in the end`,
    `wrong verdicts          ${afterFaults.wrong.length} after the faults, ${afterScheduledScan.wrong.length} after a scheduled scan`,
    `event to finding        p50 ${rounded(figures.p50)} ms, p99 ${rounded(figures.p99)} ms`,
    `duration                with faults ${rounded(figures.secondsWithFaults)} s, in all ${rounded(figures.seconds)} s`,
  ];
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`);
}
