/**
 * One account and Region during one gathering of facts: it collects the requested ids and reads them together, each
 * once, however many facts and resources need it.
 */

import type { AccountRegion } from '../../core/account-region.ts';
import { type Fact, known, type Source, type Unknown } from '../../core/facts.ts';
import type { Clients } from '../clients.ts';

/** A type of thing that AWS returns by id: the calls, and the permissions that they require. */
export interface Lookup<T> {
  readonly permissions: readonly string[];
  /**
   * @param waitsFor whether the thing is expected to exist, so that the lookup waits until it appears.
   * @returns an answer for every id. A fact that can't be read is an unknown fact, never an error.
   */
  find(
    ids: readonly string[],
    lookups: Lookups,
    waitsFor: (id: string) => boolean,
  ): Promise<ReadonlyMap<string, Fact<T>>>;
}

export interface Surroundings {
  /** Throws where the account cannot be accessed. */
  readonly clients: (accountRegion: AccountRegion) => Clients;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly cache: Cache;
}

/** The waits for a thing that does not exist yet, in milliseconds: before the second read, the third, … */
const delays = [500, 1_000, 2_000, 4_000];
/** No wait ends later than this after the gathering began, in milliseconds. */
const longestWait = 10_000;
/** The number of concurrent calls: enough to hide the latency. The client slows down calls that AWS throttles. */
const concurrency = 8;

export class Lookups {
  readonly account: string;
  readonly region: string;
  readonly cache: Cache;
  readonly #surroundings: Surroundings;
  readonly #deadline: number;
  readonly #batches = new Map<Lookup<unknown>, LookupBatch<unknown>>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({ account, region }: AccountRegion, surroundings: Surroundings) {
    this.account = account;
    this.region = region;
    this.cache = surroundings.cache;
    this.#surroundings = surroundings;
    this.#deadline = surroundings.now().getTime() + longestWait;
  }

  /** Reads one thing, together with all others that are requested at the same time. */
  ask<T>(lookup: Lookup<T>, id: string, waits: boolean): Promise<Fact<T>> {
    // The map contains under each lookup the batch made of it, which the type of a map cannot express.
    const batch = (this.#batches.get(lookup) as LookupBatch<T> | undefined) ?? new LookupBatch(lookup, this);
    this.#batches.set(lookup, batch);
    return batch.get(id, waits);
  }

  /** Makes one call to AWS, as soon as fewer than the most concurrent calls run. Rejects with what the SDK throws. */
  async call<T>(send: (clients: Clients) => Promise<T>): Promise<T> {
    if (this.#running < concurrency) this.#running += 1;
    // A call that ends starts a waiting one, so that the number of running calls stays the same.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await send(this.#surroundings.clients(this));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Waits before another read; returns `false` at once after the last one. */
  async pause(attempt: number): Promise<boolean> {
    const delay = delays[attempt - 1];
    if (delay === undefined || this.#surroundings.now().getTime() + delay > this.#deadline) return false;
    await this.#surroundings.wait(delay);
    return true;
  }

  /** A value that AWS has just returned, as a known fact. */
  answered<T>(value: T, action: string): Fact<T> {
    return known(value, this.source(action));
  }

  source(action: string): Source {
    const call = action.slice(action.indexOf(':') + 1);
    return { kind: 'api', call, at: this.#surroundings.now().toISOString() };
  }
}

/** Collects the ids that are requested in one turn of the event loop, then reads all of them together. */
class LookupBatch<T> {
  readonly #lookup: Lookup<T>;
  readonly #lookups: Lookups;
  readonly #answers = new Map<string, Promise<Fact<T>>>();
  readonly #awaited = new Set<string>();
  #collecting: { readonly ids: string[]; readonly found: Promise<ReadonlyMap<string, Fact<T>>> } | undefined;

  constructor(lookup: Lookup<T>, lookups: Lookups) {
    this.#lookup = lookup;
    this.#lookups = lookups;
  }

  get(id: string, waits: boolean): Promise<Fact<T>> {
    if (waits) this.#awaited.add(id);
    const answer = this.#answers.get(id) ?? this.#ask(id);
    this.#answers.set(id, answer);
    return answer;
  }

  async #ask(id: string): Promise<Fact<T>> {
    this.#collecting ??= this.#collect();
    this.#collecting.ids.push(id);
    const fact = (await this.#collecting.found).get(id);
    if (fact === undefined) {
      throw new TypeError(`${this.#lookup.permissions.join(', ')}: the lookup did not answer for ${id}`);
    }
    return fact;
  }

  /** Collects all requests of this turn of the event loop, and those that follow from it without waiting. */
  #collect() {
    const ids: string[] = [];
    const turn = new Promise<void>((resolve) => setImmediate(resolve));
    const found = turn.then(() => {
      this.#collecting = undefined;
      return this.#lookup.find(ids, this.#lookups, (id) => this.#awaited.has(id));
    });
    return { ids, found };
  }
}

/** Derives a fact from another; unknown for the same reason where that one is. */
export function derive<T, U>(fact: Fact<T>, follow: (value: T, source: Source) => Fact<U>): Fact<U> {
  return fact.known ? follow(fact.value, fact.source) : fact;
}

/** The same unknown answer for every id. */
export function allUnknown(ids: readonly string[], unknown: Unknown): Map<string, Unknown> {
  return new Map(ids.map((id) => [id, unknown]));
}

/** Caches facts that never change, for the life of the process. */
export class Cache {
  readonly #kept = new Map<object, Map<string, unknown>>();

  /**
   * The cached values of one lookup, by id.
   * @param owner the lookup itself: other lookups do not see its values.
   */
  of<Value>(owner: object): Map<string, Value> {
    const kept = this.#kept.get(owner) ?? new Map<string, unknown>();
    this.#kept.set(owner, kept);
    // Each owner stores values of one type, which the type of a map cannot express.
    return kept as Map<string, Value>;
  }
}
