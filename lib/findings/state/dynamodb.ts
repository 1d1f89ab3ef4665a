/**
 * The state table in DynamoDB. Each write requires that the entry still has the version that was read, so that one of two
 * concurrent writers reads again. A call whose answer was lost may be repeated: an observation that is in the entry counts
 * no second time.
 */
import { QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { AccountRegion } from '../../core/account-region.ts';
import { findingId } from '../id.ts';
import { type BatchGetOptions, batchGet, mostKeys } from './batch-get.ts';
import { changeEntries, type EntryChange, type Unwritten } from './changing.ts';
import { failureOf } from './error.ts';
import { fromItem, keyOf, keyText, keyTextIn, openKey, partKey } from './item.ts';
import { indexNames } from './schema.ts';
import {
  isListed,
  type Recorded,
  type StateTable,
  type ToRecord,
  withPublication,
  withRecords,
} from './table.ts';
import { grouped, transactionOf, unwrittenBy } from './transactions.ts';

export interface DynamoStateTableOptions extends BatchGetOptions {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Is given, each time, how many entries have to be read again because others wrote them too. */
  readonly conflicts?: (count: number) => void;
}

/**
 * @example
 * const stateTable = new DynamoStateTable({ client, table, now: Date.now, wait, random: Math.random });
 * const [entry] = await stateTable.record([{ control, observation }]);
 */
export class DynamoStateTable implements StateTable {
  readonly #options: DynamoStateTableOptions;

  constructor(options: DynamoStateTableOptions) {
    this.#options = options;
  }

  async read(ids: readonly string[]): Promise<ReadonlyMap<string, Recorded>> {
    const idsByKey = new Map<string, Set<string>>();
    for (const id of ids) {
      const key = keyText(id);
      idsByKey.set(key, (idsByKey.get(key) ?? new Set()).add(id));
    }
    const items = await batchGet(this.#options, [...idsByKey.keys()].map(keyOf));
    return new Map(
      items.flatMap((item) => {
        const entry = fromItem(item);
        return [...(idsByKey.get(keyTextIn(item)) ?? [])].map((id) => [id, entry] as const);
      }),
    );
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
    const newest = new Map<string, number>();
    for (const { id, updatedAt } of published)
      newest.set(id, Math.max(updatedAt, newest.get(id) ?? updatedAt));
    await this.#change([...newest.keys()], (id, entry) => {
      const updatedAt = newest.get(id);
      return entry && updatedAt !== undefined
        ? withPublication(entry, updatedAt, this.#options.now())
        : entry;
    });
  }

  async partsOf(arns: readonly string[]): Promise<readonly Recorded[]> {
    const wholes = new Set(arns.filter((arn) => arn !== '').map(partKey));
    const ids = await Promise.all(
      [...wholes].map(async (whole) => {
        const keys: string[] = [];
        let token: string | undefined;
        do {
          const page = await this.#query('parts', 'partOf', whole, token);
          keys.push(...page.keys);
          token = page.token;
        } while (token !== undefined);
        return keys;
      }),
    );
    const entries = await this.read(ids.flat());
    // An index lags behind its table.
    return [...entries.values()].filter(
      ({ finding, resource }) =>
        finding !== undefined &&
        finding.status !== 'ARCHIVED' &&
        resource.partOf !== undefined &&
        wholes.has(partKey(resource.partOf)),
    );
  }

  async page(
    accountRegion: AccountRegion,
    token: string | undefined,
  ): Promise<{ readonly entries: readonly Recorded[]; readonly token: string | undefined }> {
    const page = await this.#query('open', 'open', openKey(accountRegion), token);
    const entries = await this.read(page.keys);
    return { entries: [...entries.values()].filter(isListed), token: page.token };
  }

  #change(
    ids: readonly string[],
    change: (id: string, entry: Recorded | undefined) => Recorded | undefined,
  ): Promise<readonly Recorded[]> {
    const store = {
      read: (unread: readonly string[]) => this.read(unread),
      write: (changes: readonly EntryChange[]) => this.#write(changes),
    };
    return changeEntries(store, ids, change, this.#options, this.#options.conflicts ?? (() => undefined));
  }

  /** @param token the last key of the page before, which with the hash key makes a start key. */
  async #query(
    index: keyof typeof indexNames,
    hash: 'open' | 'partOf',
    value: string,
    token: string | undefined,
  ): Promise<{ readonly keys: readonly string[]; readonly token: string | undefined }> {
    try {
      const answer = await this.#options.client.send(
        new QueryCommand({
          TableName: this.#options.table,
          IndexName: indexNames[index],
          KeyConditionExpression: '#hash = :hash',
          ExpressionAttributeNames: { '#hash': hash },
          ExpressionAttributeValues: { ':hash': { S: value } },
          // As many as one call of BatchGetItem then reads.
          Limit: mostKeys,
          ...(token === undefined ? {} : { ExclusiveStartKey: { ...keyOf(token), [hash]: { S: value } } }),
        }),
      );
      return {
        keys: (answer.Items ?? []).flatMap((item) => item['pk']?.S ?? []),
        token: answer.LastEvaluatedKey?.['pk']?.S,
      };
    } catch (error) {
      throw failureOf(error, this.#options.table, [], 'read');
    }
  }

  async #write(changes: readonly EntryChange[]): Promise<Unwritten> {
    const { client, table, now } = this.#options;
    const outcomes = await Promise.all(
      grouped(changes, now()).map(async (group): Promise<Unwritten> => {
        try {
          await client.send(new TransactWriteItemsCommand(transactionOf(group, table)));
          return { refused: [], stale: [], retryable: [], cause: undefined };
        } catch (error) {
          const tried = group.map(({ change }) => change);
          const unwritten = unwrittenBy(error, tried);
          if (unwritten !== undefined) return unwritten;
          throw failureOf(
            error,
            table,
            tried.map(({ after }) => after.id),
            'written',
          );
        }
      }),
    );
    return {
      refused: outcomes.flatMap(({ refused }) => refused),
      stale: outcomes.flatMap(({ stale }) => stale),
      retryable: outcomes.flatMap(({ retryable }) => retryable),
      cause: outcomes.find(({ cause }) => cause !== undefined)?.cause,
    };
  }
}
