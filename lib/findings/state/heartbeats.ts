/**
 * Signs of life, in the state table: which parts of the scheduled scan were done when, and which canary reached which
 * evaluator. All of an account and Region are in one partition, as there are few, so that one query reads them all.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { Canary } from '../../aws/canary.ts';
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import { failureOf, StateTableError, someOf } from './error.ts';
import { checkFormat, formatVersion, type Item, keyTextIn } from './item.ts';
import { expiryAttribute } from './schema.ts';

/** What the partition keys of signs of life begin with: IAM policies allow access to them by it. */
export const heartbeatKeyPrefix = 'heartbeats/';

/** The IAM actions on the table that signs of life require. */
export const heartbeatPermissions = { read: 'dynamodb:Query', write: 'dynamodb:PutItem' } as const;

/** How long a sign of life is kept, in milliseconds, where no newer one replaces it. */
const keptFor = 120 * 86_400_000;

const shapes = {
  /** The parts of a scheduled scan, and since when they have been due. */
  scan: z.looseObject({
    formatVersion: z.literal(formatVersion),
    at: z.number(),
    parts: z.array(z.string()),
  }),
  /** When a part of the scheduled scan was done; before that, when it was due for the first time. */
  part: z.looseObject({ formatVersion: z.literal(formatVersion), at: z.number() }),
  /** What the alarm about silent parts was last set to say. */
  alarm: z.looseObject({ formatVersion: z.literal(formatVersion), text: z.string() }),
  /** The last canary of an evaluator. */
  canary: z.looseObject({
    formatVersion: z.literal(formatVersion),
    nonce: z.string(),
    at: z.number(),
    receivedAt: z.optional(z.number()),
    missed: z.optional(z.boolean()),
  }),
} as const;

/** The last canary that was sent to an evaluator. */
export interface SentCanary extends Canary {
  /** Epoch milliseconds; `undefined` until the evaluator has received it. */
  readonly receivedAt: number | undefined;
  /** Whether the one before it never arrived. */
  readonly missed: boolean;
}

/** Times are epoch milliseconds. */
export interface Heartbeats {
  /** The parts of the last scheduled scan; `undefined` before the first one is due. */
  readonly scan: { readonly at: number; readonly parts: readonly string[] } | undefined;
  /** By part of the scheduled scan, when it was done last, or was due first. */
  readonly parts: ReadonlyMap<string, number>;
  /** By evaluator. */
  readonly canaries: ReadonlyMap<string, SentCanary>;
  /** What the alarm about silent parts was last set to say; `undefined` where it was never set. */
  readonly alarm: string | undefined;
}

const partKey = 'part/';
const canaryKey = 'canary/';

/**
 * The signs of life of one account and Region. All methods reject with a `StateTableError`.
 * @example
 * const heartbeats = new DynamoHeartbeats({ client, table, accountRegion });
 * await heartbeats.partDone('stateTable', Date.now());
 */
export class DynamoHeartbeats {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #pk: string;

  constructor({
    client,
    table,
    accountRegion,
  }: {
    readonly client: DynamoDBClient;
    readonly table: string;
    readonly accountRegion: AccountRegion;
  }) {
    this.#client = client;
    this.#table = table;
    this.#pk = `${heartbeatKeyPrefix}${accountRegionKey(accountRegion)}`;
  }

  /** All of them. */
  async all(): Promise<Heartbeats> {
    const parts = new Map<string, number>();
    const canaries = new Map<string, SentCanary>();
    let scan: Heartbeats['scan'];
    let alarm: Heartbeats['alarm'];
    for (const item of await this.#items()) {
      const sk = item['sk']?.S ?? '';
      if (sk === 'scan') {
        scan = this.#read(item, shapes.scan);
      } else if (sk === 'alarm') {
        alarm = this.#read(item, shapes.alarm).text;
      } else if (sk.startsWith(partKey)) {
        parts.set(sk.slice(partKey.length), this.#read(item, shapes.part).at);
      } else if (sk.startsWith(canaryKey)) {
        const { nonce, at: sentAt, receivedAt, missed = false } = this.#read(item, shapes.canary);
        canaries.set(sk.slice(canaryKey.length), { nonce, sentAt, receivedAt, missed });
      }
    }
    return { scan, parts, canaries, alarm };
  }

  /** Before the first scheduled scan: it is due from now on. Where one is known, nothing changes. */
  async scanDue(at: number): Promise<void> {
    await this.#put({ sk: 'scan', at, parts: [] }, { ConditionExpression: 'attribute_not_exists(pk)' });
  }

  /** A scheduled scan began, of these parts: those that are new are due from now on. */
  async scanBegan(parts: readonly string[], at: number): Promise<void> {
    const unknown = { ConditionExpression: 'attribute_not_exists(pk)' };
    await Promise.all(parts.map((part) => this.#put({ sk: `${partKey}${part}`, at }, unknown)));
    await this.#put({ sk: 'scan', at, parts });
  }

  /** What the alarm about silent parts says from now on. */
  async alarmSays(text: string, at: number): Promise<void> {
    await this.#put({ sk: 'alarm', text, at });
  }

  /** A part of the scheduled scan is done, to its last page. */
  async partDone(part: string, at: number): Promise<void> {
    await this.#put({ sk: `${partKey}${part}`, at });
  }

  /** A canary is about to be sent to an evaluator. It replaces the one before. */
  async canarySent(evaluator: string, { nonce, sentAt }: Canary, missed: boolean): Promise<void> {
    await this.#put({ sk: `${canaryKey}${evaluator}`, nonce, at: sentAt, ...(missed ? { missed } : {}) });
  }

  /**
   * An evaluator has received a canary.
   * @returns `false` where this is not the one that was sent last, or it was received before: then nothing changes.
   */
  async canaryReceived(evaluator: string, { nonce, sentAt }: Canary, receivedAt: number): Promise<boolean> {
    return await this.#put(
      { sk: `${canaryKey}${evaluator}`, nonce, at: sentAt, receivedAt },
      {
        ConditionExpression: 'nonce = :nonce AND attribute_not_exists(receivedAt)',
        ExpressionAttributeValues: { ':nonce': { S: nonce } },
      },
    );
  }

  /** @returns `false` where the condition does not hold. */
  async #put(
    item: { readonly sk: string; readonly at: number } & Readonly<Record<string, unknown>>,
    condition: {
      readonly ConditionExpression?: string;
      readonly ExpressionAttributeValues?: Item;
    } = {},
  ): Promise<boolean> {
    const expires = Math.ceil((item.at + keptFor) / 1_000);
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall({ pk: this.#pk, ...item, formatVersion, [expiryAttribute]: expires }),
          ...condition,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw failureOf(error, this.#table, [`${this.#pk} ${item.sk}`], 'written');
    }
  }

  async #items(): Promise<readonly Item[]> {
    const found: Item[] = [];
    try {
      let from: Item | undefined;
      do {
        const { Items: items = [], LastEvaluatedKey: last } = await this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': { S: this.#pk } },
            ConsistentRead: true,
            ExclusiveStartKey: from,
          }),
        );
        found.push(...items);
        from = last;
      } while (from !== undefined);
      return found;
    } catch (error) {
      throw failureOf(error, this.#table, [this.#pk], 'read');
    }
  }

  #read<Shape extends z.core.$ZodType>(item: Item, shape: Shape): z.output<Shape> {
    checkFormat(item);
    const parsed = z.safeParse(shape, unmarshall(item));
    if (parsed.success) return parsed.data;
    const pk = keyTextIn(item);
    throw new StateTableError(
      'unreadable',
      [pk],
      `A sign of life in ${someOf([pk])} (sk ${someOf([item['sk']?.S ?? ''])}) can't be read: it is damaged, or was ` +
        'changed by hand. Delete the item; it is written anew.',
      parsed.error,
    );
  }
}
