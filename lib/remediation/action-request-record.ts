/**
 * What operators requested, in the state table: `operator` writes it, and a message to remediation only names it. So
 * nobody requests an action, or speaks in an operator's name, by a message.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { type AccountRegion, accountRegionKey } from '../core/account-region.ts';
import { failureOf, StateTableError, someOf } from '../findings/state/error.ts';
import { checkFormat, formatVersion, type Item, keyText } from '../findings/state/item.ts';
import { expiryAttribute } from '../findings/state/schema.ts';
import { type ActionRequest, actionRequestSchema } from './action-request.ts';

/** What the partition keys of requests begin with: IAM policies allow access to them by it. */
export const requestKeyPrefix = 'requests/';

/** The IAM actions on the table that storing requests and reading them need. */
export const requestPermissions = { store: 'dynamodb:PutItem', read: 'dynamodb:GetItem' } as const;

/** Longer than a message stays in a queue and in its dead-letter queue together, in milliseconds. */
const keptFor = 60 * 86_400_000;

const shape = z.object({ formatVersion: z.literal(formatVersion), request: actionRequestSchema });

/** Where the requests of one account and Region are. */
export interface RequestTable {
  readonly client: DynamoDBClient;
  /** The table's name. */
  readonly table: string;
  readonly accountRegion: AccountRegion;
}

/**
 * Stores a request; the first of its id stays, as the same use of a custom action may come twice. Rejects with a
 * `StateTableError`.
 * @example await storeRequest({ client, table, accountRegion }, request);
 */
export async function storeRequest(
  { client, table, accountRegion }: RequestTable,
  request: ActionRequest,
): Promise<void> {
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          ...keyOf(accountRegion, request.id),
          ...marshall({
            formatVersion,
            request,
            [expiryAttribute]: Math.ceil((Date.parse(request.at) + keptFor) / 1_000),
          }),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return;
    throw failureOf(error, table, [request.id], 'written');
  }
}

/**
 * Reads a request. Rejects with a `StateTableError`.
 * @returns `undefined` where there is none of this id.
 * @example const request = await readRequest({ client, table, accountRegion }, id);
 */
export async function readRequest(
  { client, table, accountRegion }: RequestTable,
  id: string,
): Promise<ActionRequest | undefined> {
  try {
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(accountRegion, id), ConsistentRead: true }),
    );
    return item === undefined ? undefined : requestIn(item, id);
  } catch (error) {
    throw error instanceof StateTableError ? error : failureOf(error, table, [id], 'read');
  }
}

function keyOf(accountRegion: AccountRegion, id: string): Item {
  return {
    pk: { S: `${requestKeyPrefix}${accountRegionKey(accountRegion)}` },
    sk: { S: keyText(id) },
  };
}

function requestIn(item: Item, id: string): ActionRequest {
  checkFormat(item);
  const parsed = shape.safeParse(unmarshall(item));
  if (parsed.success && parsed.data.request.id === id) return parsed.data.request;
  throw new StateTableError(
    'unreadable',
    [id],
    `The request ${someOf([id])} in the state table can't be read: it was changed by hand. Nothing is done by it; delete ` +
      'the item, and request the action again.',
    parsed.error,
  );
}
