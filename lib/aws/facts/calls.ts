/** Asking AWS for many things: in one call where it takes many ids, else one by one; and waiting for the late. */
import { type Fact, unknownFact } from '../../core/facts.ts';
import { failure, isNotFound, refusesAnId } from './failure.ts';
import type { Lookups } from './lookups.ts';

type Facts<T> = ReadonlyMap<string, Fact<T>>;

/** A Describe call of EC2 that takes many ids. */
export interface Describe<T> {
  /** As IAM names it. */
  readonly action: string;
  /** The most ids that one call takes. */
  readonly size: number;
  /** By the ids themselves: the direct way, in which one id that does not exist fails the whole call. */
  byId(ids: readonly string[], lookups: Lookups): Promise<readonly T[]>;
  /** By a filter on the ids, which leaves out those that do not exist. */
  byFilter(ids: readonly string[], lookups: Lookups): Promise<readonly T[]>;
  /** The ids, of those asked for, under which this item was asked for. */
  idsOf(item: T): readonly (string | undefined)[];
}

/**
 * Asks by id first; when EC2 refuses that because of some id, by filter, so that a bad id costs the others one
 * more call and no answer. What is missing then is looked for again, by filter, as long as somebody waits for it.
 * Source: EC2 API Reference, "Error codes" (InvalidInstanceID.NotFound), "Eventual consistency in the Amazon EC2 API".
 */
export async function describeAll<T>(
  describe: Describe<T>,
  ids: readonly string[],
  lookups: Lookups,
  waitsFor: (id: string) => boolean,
): Promise<Facts<T>> {
  const facts = new Map<string, Fact<T>>();
  // In a filter, * and ? would stand for any id; no id has them.
  let missing = ids.filter((id) => /^[\w.:/-]+$/.test(id));
  for (let looks = 1; missing.length > 0; looks += 1) {
    await Promise.all(
      chunks(missing, describe.size).map(async (chunk) => {
        try {
          const found =
            looks === 1 ? await look(describe, chunk, lookups) : await describe.byFilter(chunk, lookups);
          for (const item of found) {
            for (const id of describe.idsOf(item)) {
              if (id !== undefined) facts.set(id, lookups.answered(item, describe.action));
            }
          }
        } catch (error) {
          const unknown = failure(error, describe.action);
          for (const id of chunk) facts.set(id, unknown);
        }
      }),
    );
    missing = missing.filter((id) => !facts.has(id));
    if (!missing.some(waitsFor) || !(await lookups.pause(looks))) break;
  }
  return new Map(ids.map((id) => [id, facts.get(id) ?? notThere(id, describe.action)]));
}

async function look<T>(
  describe: Describe<T>,
  ids: readonly string[],
  lookups: Lookups,
): Promise<readonly T[]> {
  try {
    return await describe.byId(ids, lookups);
  } catch (error) {
    if (!refusesAnId(error)) throw error;
    return await describe.byFilter(ids, lookups);
  }
}

/**
 * Asks one by one, several at a time, where AWS takes one id a call.
 * @param ask the call; `undefined` when its answer holds no such thing.
 */
export async function askEach<T>(
  action: string,
  ids: readonly string[],
  lookups: Lookups,
  waitsFor: (id: string) => boolean,
  ask: (id: string) => Promise<T | undefined>,
): Promise<Facts<T>> {
  const find = async (id: string): Promise<Fact<T>> => {
    for (let looks = 1; ; looks += 1) {
      try {
        const found = await ask(id);
        if (found !== undefined) return lookups.answered(found, action);
      } catch (error) {
        if (!isNotFound(error)) return failure(error, action);
      }
      if (!waitsFor(id) || !(await lookups.pause(looks))) return notThere(id, action);
    }
  };
  return new Map(await Promise.all(ids.map(async (id) => [id, await find(id)] as const)));
}

/** All items of a paginated answer. */
export async function allPages<T>(
  page: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly T[] | undefined; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    all.push(...(items ?? []));
    // An empty token is none, as several services write it.
    token = next === '' ? undefined : next;
  } while (token !== undefined);
  return all;
}

function notThere(id: string, action: string) {
  return unknownFact('not-found', `${action} does not find ${id}`);
}

function chunks<T>(items: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
