/**
 * What later actions need to know of KMS keys and AWS does not tell any more: the last key policy that passed, and
 * whether a key that is pending deletion was enabled. Kept beside the entries of the controls concerned, as one item
 * each: `pk` is the finding's id, `sk` says what it is.
 */
import { BatchGetItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { Resource, Verdict } from '../../core/control.ts';
import { findingId } from '../id.ts';
import { pauseBefore, rounds } from './changing.ts';
import { StateTableError, someOf } from './error.ts';
import { failureOf } from './failure.ts';
import { type Item, keyText } from './item.ts';
import { expiryAttribute } from './schema.ts';

/** Something that is remembered, and when it was so: ISO 8601, UTC. */
export interface Remembered<T> {
  readonly value: T;
  readonly at: string;
}

export interface Memory {
  /** The last policy, as KMS gave it, that was seen while the key passed `kms-key-policy`. */
  goodKeyPolicy(key: Resource): Promise<Remembered<string> | undefined>;
  /** Whether the key was enabled when that was last known, before its deletion was scheduled. */
  keyWasEnabled(key: Resource): Promise<Remembered<boolean> | undefined>;
}

/** What a look at a key, or an event about it, tells; what it does not tell is left out. */
export interface KeyObservation {
  readonly key: Resource;
  /** Epoch milliseconds: just before the facts were read. */
  readonly at: number;
  /** DescribeKey's `KeyState`. */
  readonly state?: string;
  /** The policy, and what `kms-key-policy` says of it. */
  readonly policy?: { readonly text: string; readonly verdict: Verdict };
  /** The event that caused the look: EnableKey and DisableKey tell of a state that may have passed by the look. */
  readonly event?: { readonly name: string; readonly time: number };
}

type Kind = 'good-policy' | 'key-state';

/** One thing to be remembered. */
export interface Memo {
  readonly kind: Kind;
  readonly key: Resource;
  readonly value: string;
  readonly at: number;
}

/** What of a look is worth remembering; of several about one matter the latest. Pure. */
export function memosOf({ key, at, state, policy, event }: KeyObservation): readonly Memo[] {
  if (key.type !== 'AwsKmsKey') return [];
  const states: Memo[] = [];
  if (event?.name === 'EnableKey' || event?.name === 'DisableKey') {
    const value = event.name === 'EnableKey' ? 'Enabled' : 'Disabled';
    states.push({ kind: 'key-state', key, value, at: event.time });
  }
  // Any other state hides whether the key was enabled.
  if (state === 'Enabled' || state === 'Disabled') states.push({ kind: 'key-state', key, value: state, at });
  const latest = states.sort((one, other) => one.at - other.at).at(-1);
  return [
    ...(latest === undefined ? [] : [latest]),
    ...(policy?.verdict === 'PASS' ? [{ kind: 'good-policy' as const, key, value: policy.text, at }] : []),
  ];
}

export interface DynamoMemoryOptions {
  readonly client: DynamoDBClient;
  /** The state table's table. */
  readonly table: string;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1, as Math.random gives it. */
  readonly random: () => number;
}

const day = 24 * 3_600_000;
/** What is still so is written again when it is so old, long before it would be forgotten. */
const renewedAfter = 30 * day;
const keptFor = 400 * day;

/** The most keys of one call. Source: Amazon DynamoDB API Reference, "BatchGetItem". */
const mostKeys = 100;

export class DynamoMemory implements Memory {
  readonly #options: DynamoMemoryOptions;

  constructor(options: DynamoMemoryOptions) {
    this.#options = options;
  }

  async goodKeyPolicy(key: Resource): Promise<Remembered<string> | undefined> {
    return this.#recall('good-policy', key);
  }

  async keyWasEnabled(key: Resource): Promise<Remembered<boolean> | undefined> {
    const remembered = await this.#recall('key-state', key);
    return remembered && { ...remembered, value: remembered.value === 'Enabled' };
  }

  /**
   * Remembers what looks tell. What is known already costs a read and no write; what is older than what is known
   * changes nothing. May be done again after a failure. Rejects with a `StateTableError`.
   */
  async remember(looks: readonly KeyObservation[]): Promise<void> {
    const newest = new Map<string, Memo>();
    for (const memo of looks.flatMap(memosOf)) {
      const id = idOf(keyOf(memo.kind, memo.key));
      const other = newest.get(id);
      if (other === undefined || other.at < memo.at) newest.set(id, memo);
    }
    const memos = [...newest.values()];
    for (let start = 0; start < memos.length; start += mostKeys) {
      const some = memos.slice(start, start + mostKeys);
      const items = await this.#read(some.map(({ kind, key }) => keyOf(kind, key)));
      const known = new Map(items.map((item) => [idOf(item), stored(item)]));
      await Promise.all(
        some
          .filter((memo) => isNews(memo, known.get(idOf(keyOf(memo.kind, memo.key)))))
          .map((memo) => this.#write(memo)),
      );
    }
  }

  async #recall(kind: Kind, key: Resource): Promise<Remembered<string> | undefined> {
    const [item] = await this.#read([keyOf(kind, key)]);
    if (item === undefined) return undefined;
    const { value, at } = stored(item);
    return { value, at: new Date(at).toISOString() };
  }

  async #read(keys: readonly Item[]): Promise<readonly Item[]> {
    const { client, table, wait, random } = this.#options;
    const items: Item[] = [];
    let left: Item[] = [...keys];
    try {
      for (let round = 1; left.length > 0; round += 1) {
        if (round > rounds) {
          throw new StateTableError(
            'busy',
            [],
            `DynamoDB left ${left.length} items unread in ${rounds} tries. The same may be asked again.`,
          );
        }
        if (round > 1) await wait(pauseBefore(round, random));
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
        );
        items.push(...(Responses?.[table] ?? []));
        left = UnprocessedKeys?.[table]?.Keys ?? [];
      }
    } catch (error) {
      if (error instanceof StateTableError) throw error;
      throw failureOf(
        error,
        table,
        keys.map((key) => key['pk']?.S ?? ''),
        'read',
      );
    }
    return items;
  }

  async #write({ kind, key, value, at }: Memo): Promise<void> {
    const { client, table } = this.#options;
    const item = keyOf(kind, key);
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...item,
            value: { S: value },
            at: { N: String(at) },
            [expiryAttribute]: { N: String(Math.ceil((at + keptFor) / 1_000)) },
          },
          ConditionExpression: 'attribute_not_exists(pk) OR #at < :at',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ':at': { N: String(at) } },
        }),
      );
    } catch (error) {
      // Somebody else has remembered something newer.
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return;
      throw failureOf(error, table, [item['pk']?.S ?? ''], 'written');
    }
  }
}

function isNews(
  { value, at }: Memo,
  known: { readonly value: string; readonly at: number } | undefined,
): boolean {
  if (known === undefined) return true;
  return at > known.at && (value !== known.value || at - known.at > renewedAfter);
}

function keyOf(kind: Kind, key: Resource): Item {
  const control = kind === 'good-policy' ? 'kms-key-policy' : 'kms-key-deletion';
  return { pk: { S: keyText(findingId(control, key)) }, sk: { S: kind } };
}

function idOf(item: Item): string {
  return `${item['pk']?.S} ${item['sk']?.S}`;
}

const attributes = z.looseObject({ value: z.string(), at: z.number() });

function stored(item: Item): { readonly value: string; readonly at: number } {
  const parsed = attributes.safeParse(unmarshall(item));
  if (parsed.success) return parsed.data;
  const pk = item['pk']?.S ?? '';
  throw new StateTableError(
    'unreadable',
    [pk],
    `What was remembered of ${someOf([pk])} can't be read: it was changed by hand. Delete the item (sk ` +
      `${someOf([item['sk']?.S ?? ''])}); the next look writes it anew.`,
    parsed.error,
  );
}
