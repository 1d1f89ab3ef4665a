/** Thousands of hostile messages through the pipeline of an evaluator, and the invariants that each has to keep. */
import fc from 'fast-check';
import { vi } from 'vitest';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import type { Batch } from '../../lib/pipeline/live/batch.ts';
import type { EvaluatorResult } from '../../lib/pipeline/live/evaluator.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { hostileBody } from './messages.ts';
import { InjectedFault, SimulatedEvaluator } from './simulated-evaluator.ts';
import { accountRegion } from './values.ts';
import { violationsOfFinding, violationsOfLine, violationsOfWrite } from './violations.ts';

/** Messages in one batch, and batches in one run of fast-check. */
const batchSize = 10;
const batchesInRun = 5;

/** How often each outcome was met. */
export interface OutcomeCounts {
  messages: number;
  verdicts: number;
  ignored: number;
  again: number;
  deadLetters: number;
  /** Messages that failed because of an injected fault. */
  injected: number;
  findings: number;
  lines: number;
}

export interface HostileRun {
  readonly evaluator: EvaluatorName;
  /** The least number of messages. */
  readonly messages: number;
  /** Whether faults are injected into the pipeline's calls. */
  readonly faults: boolean;
  /** Whether each message is a batch of its own, so that its outcome is known exactly. */
  readonly alone: boolean;
}

/** Rejects, as fast-check does, with the first run that violates an invariant. */
export async function checkInvariants({
  evaluator,
  messages,
  faults,
  alone,
}: HostileRun): Promise<OutcomeCounts> {
  const tally: OutcomeCounts = {
    messages: 0,
    verdicts: 0,
    ignored: 0,
    again: 0,
    deadLetters: 0,
    injected: 0,
    findings: 0,
    lines: 0,
  };
  const size = alone ? 1 : batchSize;
  const body = hostileBody(evaluator);
  const runs = fc.array(fc.array(body, { minLength: size, maxLength: size }), {
    minLength: alone ? batchesInRun * batchSize : batchesInRun,
    maxLength: alone ? batchesInRun * batchSize : batchesInRun,
  });
  const lines: string[] = [];
  const take = (chunk: unknown) => {
    lines.push(String(chunk));
    return true;
  };
  const written = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(take),
  );
  const prototypes = prototypesNow();
  try {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(), fc.integer({ min: 1, max: 4 }), async (batches, seed, receives) => {
        const simulated = new SimulatedEvaluator(evaluator, seed, faults);
        for (const bodies of batches) {
          const before = new Map(simulated.stateTable.entries);
          const batch = await simulated.deliver(bodies, receives);
          tally.messages += bodies.length;
          expectNone([
            ...violationsOfBatch(batch),
            ...(alone ? violationsOfEnd(batch, bodies, simulated) : []),
            ...violationsOfWrites(before, simulated),
            ...simulated.published.flatMap((finding) => violationsOfFinding(finding)),
            ...simulated.deadLetters
              .splice(0)
              .flatMap(({ reason }) => (reason === '' ? ['a dead letter has no reason'] : [])),
          ]);
          add(tally, batch);
          tally.findings += simulated.published.length;
        }
        const logged = lines
          .splice(0)
          .join('')
          .split('\n')
          .filter((line) => line !== '');
        tally.lines += logged.length;
        expectNone([
          ...logged.flatMap(violationsOfLine),
          ...(prototypesNow() === prototypes ? [] : ['a prototype was changed']),
        ]);
      }),
      {
        numRuns: Math.ceil(messages / (batchSize * batchesInRun)),
        endOnFailure: process.env['CI'] !== undefined,
      },
    );
  } finally {
    for (const spy of written) spy.mockRestore();
  }
  return tally;
}

function expectNone(violations: readonly string[]): void {
  if (violations.length > 0) throw new Error(violations.slice(0, 5).join('\n'));
}

/** Nothing fails but by an injected fault. */
function violationsOfBatch({ failures, left, apart }: Batch<unknown>): readonly string[] {
  const errors = [...failures.map(({ error }) => error), ...(apart === undefined ? [] : [apart])];
  const unexpected = errors.filter((error) => !(error instanceof InjectedFault));
  return [
    ...unexpected.map((error) => `it failed: ${error instanceof Error ? error.stack : String(error)}`),
    ...(left.length > 0 ? ['messages were left'] : []),
  ];
}

/** A message by itself ends in a recorded verdict, is ignored with a reason, re-evaluated later, or dead-lettered. */
function violationsOfEnd(
  { done: [evaluation], failures }: Batch<EvaluatorResult>,
  bodies: readonly string[],
  simulated: SimulatedEvaluator,
): readonly string[] {
  if (evaluation === undefined) return failures.length === 1 ? [] : ['a message had no outcome'];
  const { results, ignored, deadLetters, publication, again } = evaluation;
  const { published, refused, deferred } = publication;
  const outcomes = [results, ignored, deadLetters, published, refused, deferred].filter(
    ({ length }) => length > 0,
  );
  if (outcomes.length === 0) return [`this message had no outcome: ${bodies[0]?.slice(0, 2_000)}`];
  return results.flatMap(({ control, resource, outcome, summary }) => {
    if (outcome === 'RE_EVALUATE') {
      return again > 0 ||
        summary.endsWith('it is left to the scheduled scan') ||
        !bodies.every((body) => body.includes('"eventName"'))
        ? []
        : ['it is not re-evaluated'];
    }
    if (!controls.some(({ id }) => id === control)) return [`there is no control ${control}`];
    const id = findingId(control, { ...accountRegion, id: resource });
    return simulated.stateTable.entries.has(id) ? [] : [`${outcome} of ${id} is not recorded`];
  });
}

function violationsOfWrites(
  before: ReadonlyMap<string, Recorded>,
  { stateTable, time }: SimulatedEvaluator,
): readonly string[] {
  const written = [...stateTable.entries].filter(([id, entry]) => before.get(id) !== entry);
  return written.flatMap(([id, entry]) =>
    violationsOfWrite(before.get(id), entry, time).map((violation) => `${id.slice(0, 200)}: ${violation}`),
  );
}

function add(tally: OutcomeCounts, { done, failures }: Batch<EvaluatorResult>): void {
  for (const { results, ignored, deadLetters, again } of done) {
    tally.verdicts += results.filter(({ outcome }) => outcome !== 'RE_EVALUATE').length;
    tally.ignored += ignored.length;
    tally.deadLetters += deadLetters.length;
    tally.again += again;
  }
  tally.injected += failures.length;
}

/** The members of the built-in prototypes. */
function prototypesNow(): string {
  return [Object, Array, String, Number, Function, Map, Promise]
    .map(({ prototype }) => Reflect.ownKeys(prototype).map(String).sort().join())
    .join(';');
}
