/**
 * Entries are changed though others write them at the same time: read, change, write on the condition that nobody else
 * has written meanwhile, and once more for those that somebody has.
 */
import { StateTableError, someOf } from './error.ts';
import type { Recorded } from './table.ts';

/** An entry, and what it was when it was read. */
export interface EntryChange {
  readonly before: Recorded | undefined;
  readonly after: Recorded;
  /** How often somebody else had written it meanwhile. */
  readonly conflicts: number;
}

/** The changes that were not written; all others were. */
export interface Unwritten {
  /** DynamoDB does not take them, now or later. */
  readonly refused: readonly EntryChange[];
  /** Somebody else has written the entry, or may have: it has to be read again. */
  readonly stale: readonly EntryChange[];
  /** Only another change of the same call, or a lack of capacity, was in the way: the same write is tried again. */
  readonly retryable: readonly EntryChange[];
  /** DynamoDB's error; of several one. */
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

/** Most tries; with the pauses between them they take some ten seconds. */
export const rounds = 12;

/**
 * Milliseconds before round number `round` (from 2): any time up to a bound that doubles, so that writers that
 * met once do not meet again. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function pauseBefore(round: number, random: () => number): number {
  return random() * Math.min(2_000, 25 * 2 ** (round - 2));
}

/**
 * @param change what becomes of an entry, the same however often it is called for the same entry. Where it returns the
 *   entry itself, nothing is written.
 * @param onConflicts is given how many had to be read again, each time.
 * @returns the entries as they are after it, in the order of `ids`, without those that there are none of. Rejects with
 *   a `StateTableError` that names those that could not be written; all others are.
 * @example await changeEntries(store, [id], (_id, entry) => entry && withPublication(entry, updatedAt, now), pauses, count);
 */
export async function changeEntries(
  store: Store,
  ids: readonly string[],
  change: (id: string, entry: Recorded | undefined) => Recorded | undefined,
  { wait, random }: Pauses,
  onConflicts: (count: number) => void,
): Promise<readonly Recorded[]> {
  const wanted = [...new Set(ids)];
  const done = new Map<string, Recorded>();
  const refused: string[] = [];
  let refusal: unknown;
  let unread: readonly string[] = wanted;
  let conflictsOf: ReadonlyMap<string, number> = new Map();
  let retryable: readonly EntryChange[] = [];
  for (let round = 1; ; round += 1) {
    const entries = await store.read(unread);
    const fresh = unread.flatMap((id): EntryChange[] => {
      const before = entries.get(id);
      const after = change(id, before);
      if (after === undefined) return [];
      done.set(id, after);
      return after === before ? [] : [{ before, after, conflicts: conflictsOf.get(id) ?? 0 }];
    });
    const unwritten = await store.write([...retryable, ...fresh]);
    if (unwritten.stale.length > 0) onConflicts(unwritten.stale.length);
    if (unwritten.refused.length > 0) refusal = unwritten.cause;
    refused.push(...unwritten.refused.map(idOf));
    unread = unwritten.stale.map(idOf);
    conflictsOf = new Map(unwritten.stale.map((change) => [idOf(change), change.conflicts + 1]));
    retryable = unwritten.retryable;
    const left = [...unread, ...retryable.map(idOf)];
    if (left.length === 0) break;
    if (round === rounds) throw busy([...left, ...refused], wanted.length, unwritten.cause);
    await wait(pauseBefore(round + 1, random));
  }
  if (refused.length > 0) {
    throw new StateTableError(
      'refused',
      refused,
      `DynamoDB refused ${refused.length} of ${wanted.length} entries of the state table: ${someOf(refused)}; the others are ` +
        'written. This is an internal error of Trailseal; the cause has the details: please report it.',
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
