/**
 * Deliveries that were begun and came to no end, in the state table: their process ended without a word, out of memory or out
 * of time, so that nothing else tells of them. A queue only counts how often a message was delivered.
 */
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import { failureOf, StateTableError, someOf } from './error.ts';
import { checkFormat, formatVersion, type Item, keyText } from './item.ts';
import { expiryAttribute } from './schema.ts';

/** What the partition keys of begun deliveries begin with. */
export const begunKeyPrefix = 'deliveries/';

/** The IAM actions on the table that counting deliveries requires. */
export const begunPermissions = ['dynamodb:GetItem', 'dynamodb:PutItem'] as const;

/** Longer than a message stays in a queue, in milliseconds. */
const keptFor = 5 * 86_400_000;

const shape = z.looseObject({
  formatVersion: z.literal(formatVersion),
  begun: z.number().check(z.int(), z.gte(0)),
});

/** Counts, by the queue's id of the message, the deliveries that were begun and came to no end. */
export interface BegunDeliveries {
  /** How many there are; 0 where none is known. */
  count(message: string): Promise<number>;
  /** From now on there are so many. */
  set(message: string, begun: number): Promise<void>;
}

/**
 * Those of the messages of one account and Region. All methods reject with a `StateTableError`.
 * @example
 * const begun = new DynamoBegunDeliveries({ client, table, accountRegion, now: Date.now });
 * await begun.set(messageId, (await begun.count(messageId)) + 1);
 */
export class DynamoBegunDeliveries implements BegunDeliveries {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #pk: string;
  readonly #now: () => number;

  /** @param now epoch milliseconds. */
  constructor({
    client,
    table,
    accountRegion,
    now,
  }: {
    readonly client: DynamoDBClient;
    readonly table: string;
    readonly accountRegion: AccountRegion;
    readonly now: () => number;
  }) {
    this.#client = client;
    this.#table = table;
    this.#pk = `${begunKeyPrefix}${accountRegionKey(accountRegion)}`;
    this.#now = now;
  }

  async count(message: string): Promise<number> {
    try {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({ TableName: this.#table, Key: this.#key(message), ConsistentRead: true }),
      );
      return item === undefined ? 0 : begunIn(item, message);
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, this.#table, [message], 'read');
    }
  }

  async set(message: string, begun: number): Promise<void> {
    const expires = Math.ceil((this.#now() + keptFor) / 1_000);
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...this.#key(message), ...marshall({ formatVersion, begun, [expiryAttribute]: expires }) },
        }),
      );
    } catch (error) {
      throw failureOf(error, this.#table, [message], 'written');
    }
  }

  #key(message: string): Item {
    return { pk: { S: this.#pk }, sk: { S: keyText(message) } };
  }
}

function begunIn(item: Item, message: string): number {
  checkFormat(item);
  const parsed = shape.safeParse(unmarshall(item));
  if (parsed.success) return parsed.data.begun;
  throw new StateTableError(
    'unreadable',
    [message],
    `The deliveries of the message ${someOf([message])} in the state table can't be read: they were changed by hand. Delete the item.`,
    parsed.error,
  );
}
