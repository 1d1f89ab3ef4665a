/**
 * The state table in DynamoDB. Each write has the condition that the entry still has the version that was read, so that of
 * two who write at the same time one reads again. A call whose answer was lost may be made again: an observation
 * that is in counts no second time.
 */
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { findingId } from '../id.ts';
import { type Change, changeEntries, pauseBefore, rounds, type Unwritten } from './changing.ts';
import { StateTableError } from './error.ts';
import { failureOf } from './failure.ts';
import { accountRegionKey, fromItem, type Item, keyOf, keyText, partKey } from './item.ts';
import { isListed, withPublication, withRecords } from './recorded.ts';
import { indexNames } from './schema.ts';
import type { Recorded, StateTable, ToRecord } from './table.ts';
import { grouped, transactionOf, unwrittenBy } from './transactions.ts';

export interface DynamoStateTableOptions {
  readonly client: DynamoDBClient;
  /** The table's name. */
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1, as Math.random gives it. */
  readonly random: () => number;
  /** Is told, each time, how many entries have to be read again because others wrote them too. */
  readonly conflicts?: (count: number) => void;
}

/**
 * The most of one call. Source: Amazon DynamoDB API Reference, "BatchGetItem". A page of the index is as much, so
 * that it costs one such call more.
 */
const mostKeys = 100;

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
    const items = await Promise.all(
      chunks([...idsByKey.keys()], mostKeys).map((keys) => this.#get(keys.map(keyOf), ids)),
    );
    return new Map(
      items.flat().flatMap((item) => {
        const entry = fromItem(item);
        return [...(idsByKey.get(item['pk']?.S ?? '') ?? [])].map((id) => [id, entry] as const);
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
    accountRegion: { readonly account: string; readonly region: string },
    token: string | undefined,
  ): Promise<{ readonly entries: readonly Recorded[]; readonly token: string | undefined }> {
    const page = await this.#query('open', 'open', accountRegionKey(accountRegion), token);
    const entries = await this.read(page.keys);
    return { entries: [...entries.values()].filter(isListed), token: page.token };
  }

  #change(
    ids: readonly string[],
    change: (id: string, entry: Recorded | undefined) => Recorded | undefined,
  ): Promise<readonly Recorded[]> {
    const store = {
      read: (unread: readonly string[]) => this.read(unread),
      write: (changes: readonly Change[]) => this.#write(changes),
    };
    return changeEntries(store, ids, change, this.#options, this.#options.conflicts ?? (() => undefined));
  }

  async #get(keys: readonly Item[], ids: readonly string[]): Promise<readonly Item[]> {
    const { client, table, wait, random } = this.#options;
    const items: Item[] = [];
    let left: Item[] = [...keys];
    for (let round = 1; left.length > 0; round += 1) {
      if (round > rounds) {
        throw new StateTableError(
          'busy',
          ids,
          `DynamoDB left ${left.length} entries of the state table unread in ${rounds} tries, for want of capacity. The ` +
            'same may be asked again.',
        );
      }
      if (round > 1) await wait(pauseBefore(round, random));
      try {
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
        );
        items.push(...(Responses?.[table] ?? []));
        left = UnprocessedKeys?.[table]?.Keys ?? [];
      } catch (error) {
        throw failureOf(error, table, ids, 'read');
      }
    }
    return items;
  }

  /** @param token where the page before ended: the last of its keys, which with the others makes a start key. */
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

  async #write(changes: readonly Change[]): Promise<Unwritten> {
    const { client, table, now } = this.#options;
    const outcomes = await Promise.all(
      grouped(changes, now()).map(async (group): Promise<Unwritten> => {
        try {
          await client.send(new TransactWriteItemsCommand(transactionOf(group, table)));
          return { refused: [], stale: [], held: [], cause: undefined };
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
      held: outcomes.flatMap(({ held }) => held),
      cause: outcomes.find(({ cause }) => cause !== undefined)?.cause,
    };
  }
}

function chunks<T>(items: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
