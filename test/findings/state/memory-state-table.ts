/**
 * A state table in memory: a test double with the same rules as the one in DynamoDB, conditional writes and what comes of
 * them included. `pause`, where given, is awaited before each read and each write, so that a test can let
 * writers get in each other's way.
 */
import { findingId } from '../../../lib/findings/id.ts';
import {
  changeEntries,
  type EntryChange,
  type Store,
  type Unwritten,
} from '../../../lib/findings/state/changing.ts';
import {
  isListed,
  type Recorded,
  type StateTable,
  type ToRecord,
  withPublication,
  withRecords,
} from '../../../lib/findings/state/table.ts';

export interface MemoryStateTableOptions {
  readonly now: () => number;
  readonly pause?: () => Promise<unknown>;
  /** How many entries a page has; 100 where left out. */
  readonly pageSize?: number;
}

const none: Unwritten = { refused: [], stale: [], retryable: [], cause: undefined };

export class MemoryStateTable implements StateTable {
  readonly entries = new Map<string, Recorded>();
  /** How many entries were written in all. */
  writes = 0;
  readonly #options: MemoryStateTableOptions;
  readonly #store: Store = {
    read: async (ids) => {
      await this.#options.pause?.();
      return this.#found(ids);
    },
    write: async (changes) => {
      if (changes.length === 0) return none;
      await this.#options.pause?.();
      const stale = changes.filter((change) => !this.#put(change));
      return { ...none, stale };
    },
  };

  constructor(options: MemoryStateTableOptions) {
    this.#options = options;
  }

  async read(ids: readonly string[]): Promise<ReadonlyMap<string, Recorded>> {
    return this.#store.read(ids);
  }

  async record(observations: readonly ToRecord[]): Promise<readonly Recorded[]> {
    const byId = Map.groupBy(observations, ({ control, observation }) =>
      findingId(control.id, observation.resource),
    );
    return this.#change([...byId.keys()], (id, entry) =>
      withRecords(entry, byId.get(id) ?? [], this.#options.now()),
    );
  }

  async markPublished(
    published: readonly { readonly id: string; readonly updatedAt: number }[],
  ): Promise<void> {
    for (const { id, updatedAt } of published) {
      await this.#change(
        [id],
        (_id, entry) => entry && withPublication(entry, updatedAt, this.#options.now()),
      );
    }
  }

  async partsOf(arns: readonly string[]): Promise<readonly Recorded[]> {
    return [...this.entries.values()].filter(
      ({ finding, resource }) =>
        finding !== undefined &&
        finding.status !== 'ARCHIVED' &&
        resource.partOf !== undefined &&
        resource.partOf !== '' &&
        arns.includes(resource.partOf),
    );
  }

  async page(
    { account, region }: { readonly account: string; readonly region: string },
    token: string | undefined,
  ): Promise<{ readonly entries: readonly Recorded[]; readonly token: string | undefined }> {
    const ids = [...this.entries.values()]
      .filter(
        (entry) => isListed(entry) && entry.resource.account === account && entry.resource.region === region,
      )
      .map(({ id }) => id)
      .filter((id) => token === undefined || id > token)
      .sort();
    const kept = ids.slice(0, this.#options.pageSize ?? 100);
    return {
      entries: [...this.#found(kept).values()],
      token: kept.length < ids.length ? kept.at(-1) : undefined,
    };
  }

  #change(
    ids: readonly string[],
    change: (id: string, entry: Recorded | undefined) => Recorded | undefined,
  ): Promise<readonly Recorded[]> {
    const pauses = { wait: async () => this.#options.pause?.(), random: () => 0 };
    return changeEntries(this.#store, ids, change, pauses, () => undefined);
  }

  #found(ids: readonly string[]): ReadonlyMap<string, Recorded> {
    return new Map(
      ids.flatMap((id) => {
        const entry = this.entries.get(id);
        return entry === undefined ? [] : [[id, entry] as const];
      }),
    );
  }

  #put({ before, after }: EntryChange): boolean {
    if (this.entries.get(after.id)?.version !== before?.version) return false;
    this.entries.set(after.id, after);
    this.writes += 1;
    return true;
  }
}
