/** See `storm.ts`. The figures that it prints say how the stack held out; what must hold is held here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseBody } from '../../lib/pipeline/live/message.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import type { Letter } from './after.ts';
import { population } from './population.ts';
import { malformed, type Outcome, runStorm, weather } from './storm.ts';

/** Milliseconds for all of it, the deployment included; the emulators end with this program. */
const limit = 360_000;

let outcome: Outcome;

beforeAll(async () => {
  outcome = await runStorm();
  report(outcome);
}, limit);

describe('a thousand events while three calls in ten go wrong', () => {
  it('are a thousand, and meet faults at every service', () => {
    expect(outcome.inhabitants.length).toBe(1_000);
    expect(population).toBe(1_000);
    const unharmed = weather.services.filter((service) => (outcome.met.get(service)?.faulted ?? 0) === 0);
    expect(unharmed).toEqual([]);
    const all = [...outcome.met.values()];
    const total = (of: 'requests' | 'faulted') => all.reduce((sum, one) => sum + one[of], 0);
    expect(total('faulted') / total('requests')).toBeGreaterThan(0.25);
  });

  it('come each to a verdict, or to a dead letter that says why', () => {
    const { untrue, letters } = outcome.afterStorm;
    const put = new Set(letters.flatMap(({ body }) => eventIn(body)));
    const lost = untrue.filter(
      ({ inhabitant: { event }, verdict }) =>
        verdict === undefined && !put.has(String(event.detail['eventID'])),
    );
    expect(lost.map(({ inhabitant }) => inhabitant.finding)).toEqual([]);
    expect(letters.filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  it('cost nothing that was put aside', () => {
    const put = aside(outcome.afterStorm);
    expect(aside(malformedInAll).filter((letter) => !put.includes(letter))).toEqual([]);
  });

  it('leave what is true after what was put aside is sent again, and one scheduled scan', () => {
    const { quiet, untrue, letters } = outcome.afterScheduledScan;
    expect(quiet).toBe(true);
    expect(aside({ letters })).toEqual(aside(malformedInAll));
    expect(untrue.map(({ inhabitant, verdict }) => `${inhabitant.finding}: ${verdict}`)).toEqual([]);
  });

  it('leave one open finding of each that fails, and none of the others', () => {
    const open = outcome.inhabitants.map(({ finding, truth }) => {
      const [control] = finding.split('/').slice(1);
      const held = outcome.findings.get(finding) ?? [];
      // One that could not be evaluated at first has a finding that was closed.
      const closed = truth === 'PASS' && held.length === 1 && held[0] === `${control} PASSED ACTIVE`;
      return { finding, held: closed ? [] : held };
    });
    expect(open).toEqual(
      outcome.inhabitants.map(({ finding, truth }) => ({
        finding,
        held: truth === 'FAIL' ? [`${finding.split('/')[1]} FAILED ACTIVE`] : [],
      })),
    );
  });

  it('have Security Hub told nothing that contradicts itself, or the truth', () => {
    expect(outcome.contradictions).toEqual([]);
  });
});

const malformedInAll = {
  letters: evaluators.flatMap((queue) => malformed.map((body) => ({ queue, body }))),
};

/** What is among the dead letters, each once, as one that was put aside may have been put aside twice. */
function aside({
  letters,
}: {
  readonly letters: readonly Pick<Letter, 'queue' | 'body'>[];
}): readonly string[] {
  return [...new Set(letters.map(({ queue, body }) => `${queue} ${body}`))].sort();
}

function eventIn(body: string): readonly string[] {
  const message = parseBody(body);
  return message.kind === 'event' && message.event.id !== undefined ? [message.event.id] : [];
}

function report({ inhabitants, met, figures, afterStorm, afterScheduledScan }: Outcome): void {
  const rounded = (value: number) => Math.round(value).toLocaleString('en');
  const lines = [
    `events                  ${inhabitants.length}`,
    ...[...met].map(
      ([service, { requests, faulted }]) =>
        `faults at ${service.padEnd(13)} ${faulted} of ${requests} requests (${Math.round((100 * faulted) / requests)} %)`,
    ),
    `calls, and retries      ${rounded(figures.calls)}, ${rounded(figures.retries)}`,
    `refused of batches      ${figures.refused} entries`,
    `looks again             ${figures.reEvaluates}`,
    `dead letters            ${afterStorm.letters.length} after the storm, ${afterScheduledScan.letters.length} in the end`,
    `not true yet            ${afterStorm.untrue.length} after the storm, ${afterScheduledScan.untrue.length} after a scheduled scan`,
    `event to finding        p50 ${rounded(figures.p50)} ms, p99 ${rounded(figures.p99)} ms`,
    `duration                storm ${rounded(figures.stormSeconds)} s, in all ${rounded(figures.seconds)} s`,
  ];
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`);
}
