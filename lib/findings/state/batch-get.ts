/** Items of the state table by their keys, however many there are. */
import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { pauseBefore, rounds } from './changing.ts';
import { failureOf, StateTableError } from './error.ts';
import { type Item, keyTextIn } from './item.ts';

export interface BatchGetOptions {
  readonly client: DynamoDBClient;
  /** The table's name. */
  readonly table: string;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1, as Math.random gives it. */
  readonly random: () => number;
}

/** The most keys of one call. Source: Amazon DynamoDB API Reference, "BatchGetItem". */
export const mostKeys = 100;

/**
 * Reads the newest state of items, a hundred in a call, and again what DynamoDB left out for want of capacity.
 * @param keys each with `pk` and `sk`, no two the same.
 * @returns the items that there are, in any order. Rejects with a `StateTableError` that names the keys.
 * @example await batchGet({ client, table, wait, random: Math.random }, [keyOf(findingId)]);
 */
export async function batchGet(options: BatchGetOptions, keys: readonly Item[]): Promise<readonly Item[]> {
  const calls = Array.from({ length: Math.ceil(keys.length / mostKeys) }, (_, index) =>
    getAll(options, keys.slice(index * mostKeys, (index + 1) * mostKeys)),
  );
  return (await Promise.all(calls)).flat();
}

async function getAll(
  { client, table, wait, random }: BatchGetOptions,
  keys: readonly Item[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let left: Item[] = [...keys];
  for (let round = 1; left.length > 0; round += 1) {
    if (round > rounds) {
      throw new StateTableError(
        'busy',
        left.map(keyTextIn),
        `DynamoDB left ${left.length} items of the state table unread in ${rounds} tries, for want of capacity. The same ` +
          'may be asked again.',
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
      throw failureOf(error, table, keys.map(keyTextIn), 'read');
    }
  }
  return items;
}
