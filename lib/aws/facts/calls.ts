/**
 * Reads many things from AWS: in one call where it accepts many ids, else one by one; and waits for new resources.
 */
import { type Fact, unknownFact } from '../../core/facts.ts';
import { failure, isNotFound, refusesAnId } from './failure.ts';
import type { Lookups } from './lookups.ts';

type FactsById<T> = ReadonlyMap<string, Fact<T>>;

/** A Describe call that accepts many ids. */
export interface Describe<T> {
  /** As IAM names it. */
  readonly action: string;
  /** The most ids that one call accepts. */
  readonly size: number;
  /** Reads by the ids themselves: one id that does not exist fails the whole call. */
  byId(ids: readonly string[], lookups: Lookups): Promise<readonly T[]>;
  /** Reads in a way that leaves out ids that do not exist: by a filter or, where there is none, one by one. */
  byFilter(ids: readonly string[], lookups: Lookups): Promise<readonly T[]>;
  /** The requested ids that mean this item. */
  idsOf(item: T): readonly (string | undefined)[];
}

/**
 * Reads by id first, and by filter when AWS refuses that because of some id, so that a bad id costs the others one
 * more call but no answer. Then it reads missing items again, by filter, as long as a request waits for one.
 * Source: EC2 API Reference, "Error codes" (InvalidInstanceID.NotFound), "Eventual consistency in the Amazon EC2
 * API".
 */
export async function describeAll<T>(
  describe: Describe<T>,
  ids: readonly string[],
  lookups: Lookups,
  waitsFor: (id: string) => boolean,
): Promise<FactsById<T>> {
  const facts = new Map<string, Fact<T>>();
  // In a filter, * and ? would match any id; no id contains them.
  let missing = ids.filter((id) => /^[\w.:/-]+$/.test(id));
  for (let attempt = 1; missing.length > 0; attempt += 1) {
    await Promise.all(
      chunks(missing, describe.size).map(async (chunk) => {
        try {
          const found =
            attempt === 1
              ? await byIdOrFilter(describe, chunk, lookups)
              : await describe.byFilter(chunk, lookups);
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
    if (!missing.some(waitsFor) || !(await lookups.pause(attempt))) break;
  }
  return new Map(ids.map((id) => [id, facts.get(id) ?? notThere(id, describe.action)]));
}

async function byIdOrFilter<T>(
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
 * Reads one by one, several at a time, where AWS accepts one id a call.
 * @param ask makes the call; `undefined` when the answer does not contain the thing.
 */
export async function askEach<T>(
  action: string,
  ids: readonly string[],
  lookups: Lookups,
  waitsFor: (id: string) => boolean,
  ask: (id: string) => Promise<T | undefined>,
): Promise<FactsById<T>> {
  const find = async (id: string): Promise<Fact<T>> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const found = await ask(id);
        if (found !== undefined) return lookups.answered(found, action);
      } catch (error) {
        if (!isNotFound(error)) return failure(error, action);
      }
      if (!waitsFor(id) || !(await lookups.pause(attempt))) return notThere(id, action);
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
    // Several services return an empty token after the last page.
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
