/** Hostile messages by the ten thousand, through the pipeline of an evaluator; what must hold of each is held here. */
import fc from 'fast-check';
import { vi } from 'vitest';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import type { Batch } from '../../lib/pipeline/live/batch.ts';
import type { EvaluatorResult } from '../../lib/pipeline/live/evaluator.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { faultsOfFinding, faultsOfLine, faultsOfWrite } from './faults.ts';
import { hostileBody } from './messages.ts';
import { accountRegion } from './values.ts';
import { HostileWorld, InjectedFault } from './world.ts';

/** Messages of one delivery, deliveries of one course. */
const together = 10;
const deliveries = 5;

/** What came of all messages. */
export interface Tally {
  messages: number;
  verdicts: number;
  ignored: number;
  again: number;
  deadLetters: number;
  /** Deliveries that failed because of an injected fault. */
  injected: number;
  findings: number;
  lines: number;
}

export interface Storm {
  readonly evaluator: EvaluatorName;
  /** At least so many messages. */
  readonly messages: number;
  /** Whether calls of the pipeline fail now and then. */
  readonly faults: boolean;
  /** Whether each message comes by itself, so that what came of it is told exactly. */
  readonly alone: boolean;
}

/** Rejects, as fast-check does, with the first course that does not hold. */
export async function storm({ evaluator, messages, faults, alone }: Storm): Promise<Tally> {
  const tally: Tally = {
    messages: 0,
    verdicts: 0,
    ignored: 0,
    again: 0,
    deadLetters: 0,
    injected: 0,
    findings: 0,
    lines: 0,
  };
  const size = alone ? 1 : together;
  const body = hostileBody(evaluator, controls);
  const state = fc.array(fc.array(body, { minLength: size, maxLength: size }), {
    minLength: alone ? deliveries * together : deliveries,
    maxLength: alone ? deliveries * together : deliveries,
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
      fc.asyncProperty(state, fc.nat(), fc.integer({ min: 1, max: 4 }), async (batches, seed, receives) => {
        const world = new HostileWorld(evaluator, seed, faults);
        for (const bodies of batches) {
          const before = new Map(world.stateTable.entries);
          const batch = await world.deliver(bodies, receives);
          tally.messages += bodies.length;
          holds([
            ...faultsOfBatch(batch),
            ...(alone ? faultsOfEnd(batch, bodies, world) : []),
            ...faultsOfWrites(before, world),
            ...world.told.flatMap((finding) => faultsOfFinding(finding)),
            ...world.deadLetters
              .splice(0)
              .flatMap(({ reason }) => (reason === '' ? ['a dead letter has no reason'] : [])),
          ]);
          add(tally, batch);
          tally.findings += world.told.length;
        }
        const logged = lines
          .splice(0)
          .join('')
          .split('\n')
          .filter((line) => line !== '');
        tally.lines += logged.length;
        holds([
          ...logged.flatMap(faultsOfLine),
          ...(prototypesNow() === prototypes ? [] : ['a prototype was changed']),
        ]);
      }),
      {
        numRuns: Math.ceil(messages / (together * deliveries)),
        endOnFailure: process.env['CI'] !== undefined,
      },
    );
  } finally {
    for (const spy of written) spy.mockRestore();
  }
  return tally;
}

function holds(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'));
}

/** Nothing fails but by what was injected. */
function faultsOfBatch({ failures, left, apart }: Batch<unknown>): readonly string[] {
  const errors = [...failures.map(({ error }) => error), ...(apart === undefined ? [] : [apart])];
  const own = errors.filter((error) => !(error instanceof InjectedFault));
  return [
    ...own.map((error) => `it failed: ${error instanceof Error ? error.stack : String(error)}`),
    ...(left.length > 0 ? ['messages were left'] : []),
  ];
}

/** A message by itself ends in something that is recorded, ignored with a reason, looked at again, or put aside. */
function faultsOfEnd(
  { done: [evaluation], failures }: Batch<EvaluatorResult>,
  bodies: readonly string[],
  world: HostileWorld,
): readonly string[] {
  if (evaluation === undefined) return failures.length === 1 ? [] : ['nothing came of a message'];
  const { results, ignored, deadLetters, publication, again } = evaluation;
  const { published, refused, deferred } = publication;
  const ends = [results, ignored, deadLetters, published, refused, deferred].filter(
    ({ length }) => length > 0,
  );
  if (ends.length === 0) return [`nothing came of ${bodies[0]?.slice(0, 2_000)}`];
  return results.flatMap(({ control, resource, outcome }) => {
    if (outcome === 'RE_EVALUATE') {
      return again > 0 || !bodies.every((body) => body.includes('"eventName"'))
        ? []
        : ['it is not looked at again'];
    }
    const definition = controls.find(({ id }) => id === control);
    if (definition === undefined) return [`${control} is no control`];
    const id = findingId(control, { ...accountRegion, type: definition.resourceType, id: resource, arn: '' });
    return world.stateTable.entries.has(id) ? [] : [`${outcome} of ${id} is not recorded`];
  });
}

function faultsOfWrites(
  before: ReadonlyMap<string, Recorded>,
  { stateTable, time }: HostileWorld,
): readonly string[] {
  const written = [...stateTable.entries].filter(([id, entry]) => before.get(id) !== entry);
  return written.flatMap(([id, entry]) =>
    faultsOfWrite(before.get(id), entry, time).map((fault) => `${id.slice(0, 200)}: ${fault}`),
  );
}

function add(tally: Tally, { done, failures }: Batch<EvaluatorResult>): void {
  for (const { results, ignored, deadLetters, again } of done) {
    tally.verdicts += results.filter(({ outcome }) => outcome !== 'RE_EVALUATE').length;
    tally.ignored += ignored.length;
    tally.deadLetters += deadLetters.length;
    tally.again += again;
  }
  tally.injected += failures.length;
}

/** The members of the prototypes that everything inherits from. */
function prototypesNow(): string {
  return [Object, Array, String, Number, Function, Map, Promise]
    .map(({ prototype }) => Reflect.ownKeys(prototype).map(String).sort().join())
    .join(';');
}
