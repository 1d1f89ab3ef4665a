/**
 * What later actions need to know of resources and can no longer read from AWS, as services have it remembered. Each is an
 * item beside the entry of the control concerned: `pk` is the finding's id, `sk` the kind.
 */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { Memory, Remembered } from '../../core/action.ts';
import type { Resource } from '../../core/control.ts';
import type { Memo } from '../../core/service.ts';
import { findingId } from '../id.ts';
import { type BatchGetOptions, batchGet } from './batch-get.ts';
import { failureOf, StateTableError, someOf } from './error.ts';
import { checkFormat, formatVersion, type Item, keyText, keyTextIn } from './item.ts';
import { expiryAttribute } from './schema.ts';

/** The IAM actions that it requires, on the state table. */
export const memoryPermissions = ['dynamodb:BatchGetItem', 'dynamodb:PutItem'] as const;

const day = 24 * 3_600_000;
/** A value that still holds is written again after so many milliseconds, long before it would be forgotten. */
const renewedAfter = 30 * day;
const keptFor = 400 * day;

/**
 * @example
 * const memory = new DynamoMemory({ client, table, wait, random: Math.random });
 * await memory.remember([{ kind: 'key-state', control: 'kms-key-deletion', resource: key, value: 'Enabled', at: Date.now() }]);
 */
export class DynamoMemory implements Memory {
  readonly #options: BatchGetOptions;

  constructor(options: BatchGetOptions) {
    this.#options = options;
  }

  async recall(kind: string, control: string, resource: Resource): Promise<Remembered<string> | undefined> {
    const [item] = await batchGet(this.#options, [keyOf({ kind, control, resource })]);
    if (item === undefined) return undefined;
    const { value, at } = stored(item);
    return { value, at: new Date(at).toISOString() };
  }

  /**
   * Remembers values. What is known already costs a read and no write; what is older than what is known
   * changes nothing. It may be repeated after a failure. Rejects with a `StateTableError`.
   */
  async remember(all: readonly Memo[]): Promise<void> {
    const newest = new Map<string, Memo>();
    for (const memo of all) {
      const id = idOf(keyOf(memo));
      const other = newest.get(id);
      if (other === undefined || other.at < memo.at) newest.set(id, memo);
    }
    const memos = [...newest.values()];
    const items = await batchGet(this.#options, memos.map(keyOf));
    const known = new Map(items.map((item) => [idOf(item), stored(item)]));
    await Promise.all(
      memos.filter((memo) => isNews(memo, known.get(idOf(keyOf(memo))))).map((memo) => this.#write(memo)),
    );
  }

  async #write(memo: Memo): Promise<void> {
    const { value, at } = memo;
    const { client, table } = this.#options;
    const item = keyOf(memo);
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...item,
            formatVersion: { N: String(formatVersion) },
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
      throw failureOf(error, table, [keyTextIn(item)], 'written');
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

function keyOf({ kind, control, resource }: Pick<Memo, 'kind' | 'control' | 'resource'>): Item {
  return { pk: { S: keyText(findingId(control, resource)) }, sk: { S: kind } };
}

function idOf(item: Item): string {
  return `${keyTextIn(item)} ${item['sk']?.S}`;
}

const attributes = z.looseObject({
  formatVersion: z.literal(formatVersion),
  value: z.string(),
  at: z.number(),
});

function stored(item: Item): { readonly value: string; readonly at: number } {
  checkFormat(item);
  const parsed = attributes.safeParse(unmarshall(item));
  if (parsed.success) return parsed.data;
  const pk = keyTextIn(item);
  throw new StateTableError(
    'unreadable',
    [pk],
    `What was remembered of ${someOf([pk])} can't be read: it is damaged, or was changed by hand. Delete the item (sk ` +
      `${someOf([item['sk']?.S ?? ''])}); the next evaluation writes it anew.`,
    parsed.error,
  );
}
