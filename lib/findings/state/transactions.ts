/**
 * Conditional writes of many entries in few calls, and what the answers mean. They are transactions only because these
 * take conditions; the entries of a call need not change together.
 */
import {
  type Put,
  TransactionCanceledException,
  type TransactWriteItemsInput,
} from '@aws-sdk/client-dynamodb';
import type { EntryChange, Unwritten } from './changing.ts';
import { isThrottle, mayBeDone, nameOf } from './error.ts';
import { type Item, toItem } from './item.ts';
import type { Recorded } from './table.ts';

/** The most bytes of one call. Source: Amazon DynamoDB API Reference, "TransactWriteItems" (4 MB). */
const mostBytes = 3_500_000;

/**
 * The most items of one call; DynamoDB takes 100. An entry that somebody else has written meanwhile cancels the write of
 * all others in its call: such an entry goes into a small group next, and alone after that.
 */
function mostItems({ conflicts }: EntryChange): number {
  return conflicts === 0 ? 100 : conflicts === 1 ? 10 : 1;
}

/** What an item has besides its body, at most, in bytes. */
const besidesBody = 5_000;

/** A change with the item that it makes. */
interface ItemWrite {
  readonly change: EntryChange;
  readonly item: Item;
}

/** Groups of changes, each of which one call may hold. */
export function grouped(changes: readonly EntryChange[], now: number): readonly (readonly ItemWrite[])[] {
  return [...Map.groupBy(changes, mostItems)].flatMap(([size, alike]) => packed(alike, size, now));
}

function packed(
  changes: readonly EntryChange[],
  size: number,
  now: number,
): readonly (readonly ItemWrite[])[] {
  const groups: ItemWrite[][] = [];
  let bytes = 0;
  for (const change of changes) {
    const item = toItem(change.after, now);
    const added = (item['body']?.B?.byteLength ?? 0) + besidesBody;
    const last = groups.at(-1);
    if (last === undefined || last.length === size || bytes + added > mostBytes) {
      groups.push([{ change, item }]);
      bytes = added;
    } else {
      last.push({ change, item });
      bytes += added;
    }
  }
  return groups;
}

/** The call that writes a group, each item on the condition that it is as it was read. */
export function transactionOf(group: readonly ItemWrite[], table: string): TransactWriteItemsInput {
  return {
    TransactItems: group.map(({ change: { before }, item }) => ({
      Put: { TableName: table, Item: item, ...unchangedSince(before) },
    })),
  };
}

function unchangedSince(before: Recorded | undefined): Omit<Put, 'TableName' | 'Item'> {
  return before === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': { N: String(before.version) } },
      };
}

/**
 * The changes that a failed call did not write, by what to do about each.
 * @returns `undefined` when the failure is that of the call as a whole, and another try of it would fail as well.
 */
export function unwrittenBy(error: unknown, changes: readonly EntryChange[]): Unwritten | undefined {
  const none: Unwritten = { refused: [], stale: [], retryable: [], cause: error };
  if (error instanceof TransactionCanceledException) return { ...none, ...byReason(changes, error) };
  if (isThrottle(nameOf(error))) return { ...none, retryable: changes };
  return mayBeDone(error) ? { ...none, stale: changes } : undefined;
}

/**
 * A cancelled transaction has a reason for each of its items, in their order: `None` for those that were only
 * cancelled with the others. Source: Amazon DynamoDB API Reference, "TransactWriteItems".
 */
function byReason(
  changes: readonly EntryChange[],
  { CancellationReasons: reasons = [] }: TransactionCanceledException,
): Pick<Unwritten, 'refused' | 'stale' | 'retryable'> {
  if (reasons.length !== changes.length) return { refused: [], stale: changes, retryable: [] };
  const {
    refused = [],
    stale = [],
    retryable = [],
  } = Object.groupBy(changes, (_change, index) => {
    const code = reasons[index]?.Code ?? 'None';
    if (code === 'ConditionalCheckFailed' || code === 'TransactionConflict') return 'stale';
    return code === 'None' || isThrottle(code) ? 'retryable' : 'refused';
  });
  return { refused, stale, retryable };
}
