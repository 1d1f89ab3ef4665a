/**
 * How entries are changed though others write them at the same time: read, change, write on the condition that
 * nobody else has written meanwhile, and again for those that somebody has.
 */
import { StateTableError, someOf } from './error.ts';
import type { Recorded } from './table.ts';

/** An entry, and what it was when it was read. */
export interface EntryChange {
  readonly before: Recorded | undefined;
  readonly after: Recorded;
  /** How often somebody else was found to have written it meanwhile. */
  readonly lost: number;
}

/** What was not written; all else was. */
export interface Unwritten {
  /** It can't be written, now or later. */
  readonly refused: readonly EntryChange[];
  /** Somebody else has written it, or may have: to be read again. */
  readonly stale: readonly EntryChange[];
  /** There was nothing against it but what it was written with: to be written again as it is. */
  readonly held: readonly EntryChange[];
  /** Why, as DynamoDB says it; of several reasons one. */
  readonly cause: unknown;
}

export interface Store {
  /** Those that there are, as they are now. */
  read(ids: readonly string[]): Promise<ReadonlyMap<string, Recorded>>;
  /** Writes each entry that still is as it was `before`. */
  write(changes: readonly EntryChange[]): Promise<Unwritten>;
}

export interface Pauses {
  wait(milliseconds: number): Promise<unknown>;
  /** From 0 to 1, as Math.random gives it. */
  random(): number;
}

/** So often in all; with the pauses between them some ten seconds. */
export const rounds = 12;

/**
 * Milliseconds before round number `round` (from 2): any time up to a bound that doubles, so that those who got in
 * each other's way do not meet again. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function pauseBefore(round: number, random: () => number): number {
  return random() * Math.min(2_000, 25 * 2 ** (round - 2));
}

/**
 * @param change what becomes of an entry; what it answers for the same entry must not depend on how often it was
 *   asked. The entry itself: it is not written.
 * @param conflicts is told how many had to be read again, each time.
 * @returns the entries as they are after it, in the order of `ids`, without those that there are none of. Rejects with
 *   a `StateTableError` that names those that could not be written; all others are.
 */
export async function changeEntries(
  store: Store,
  ids: readonly string[],
  change: (id: string, entry: Recorded | undefined) => Recorded | undefined,
  { wait, random }: Pauses,
  conflicts: (count: number) => void,
): Promise<readonly Recorded[]> {
  const wanted = [...new Set(ids)];
  const done = new Map<string, Recorded>();
  const refused: string[] = [];
  let refusal: unknown;
  let unread: readonly string[] = wanted;
  let losses: ReadonlyMap<string, number> = new Map();
  let held: readonly EntryChange[] = [];
  for (let round = 1; ; round += 1) {
    const entries = await store.read(unread);
    const fresh = unread.flatMap((id): EntryChange[] => {
      const before = entries.get(id);
      const after = change(id, before);
      if (after === undefined) return [];
      done.set(id, after);
      return after === before ? [] : [{ before, after, lost: losses.get(id) ?? 0 }];
    });
    const unwritten = await store.write([...held, ...fresh]);
    if (unwritten.stale.length > 0) conflicts(unwritten.stale.length);
    if (unwritten.refused.length > 0) refusal = unwritten.cause;
    refused.push(...unwritten.refused.map(idOf));
    unread = unwritten.stale.map(idOf);
    losses = new Map(unwritten.stale.map((change) => [idOf(change), change.lost + 1]));
    held = unwritten.held;
    const left = [...unread, ...held.map(idOf)];
    if (left.length === 0) break;
    if (round === rounds) throw busy([...left, ...refused], wanted.length, unwritten.cause);
    await wait(pauseBefore(round + 1, random));
  }
  if (refused.length > 0) {
    throw new StateTableError(
      'refused',
      refused,
      `DynamoDB takes ${refused.length} of ${wanted.length} entries of the state table in no form: ${someOf(refused)}; the ` +
        'others are written. The cause has its reason, which is a fault of Trailseal: please report it.',
      refusal,
    );
  }
  return wanted.flatMap((id) => done.get(id) ?? []);
}

function idOf({ after }: EntryChange): string {
  return after.id;
}

function busy(left: readonly string[], all: number, cause: unknown): StateTableError {
  return new StateTableError(
    'busy',
    left,
    `${left.length} of ${all} entries of the state table could not be written in ${rounds} tries, among them ` +
      `${someOf(left)}: others kept writing them, or DynamoDB had no capacity. The same may be recorded again; ` +
      'nothing counts twice.',
    cause,
  );
}
