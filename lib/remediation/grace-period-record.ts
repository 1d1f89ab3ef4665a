/**
 * When grace periods began and end, in the state table beside the findings. A grace period begins when remediation first
 * plans its action for an open failure and announces it; from then on its end stands here, and no message, schedule or
 * later policy changes it.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { ActionId } from '../core/action.ts';
import { failureOf, StateTableError, someOf } from '../findings/state/error.ts';
import { checkFormat, formatVersion, type Item, keyText } from '../findings/state/item.ts';
import { expiryAttribute } from '../findings/state/schema.ts';
import type { Recorded } from '../findings/state/table.ts';

export interface GracePeriod {
  /** What it was begun for: see `openingOfGrace`. */
  readonly opening: string;
  /** Epoch milliseconds. */
  readonly begunAt: number;
  readonly due: number;
}

/** Where grace periods are stored. Whatever it can't do, it rejects with a `StateTableError`. */
export interface GracePeriods {
  /** The one of an action for a finding that was begun last. */
  read(finding: string, action: ActionId): Promise<GracePeriod | undefined>;
  /**
   * Stores one, unless another run has begun it for the same opening.
   * @returns the one that holds.
   */
  begin(finding: string, action: ActionId, period: GracePeriod): Promise<GracePeriod>;
}

/** The IAM actions that they need on the table. */
export const gracePeriodRecordPermissions = ['dynamodb:GetItem', 'dynamodb:PutItem'] as const;

/**
 * The failure that a grace period is for: one that was closed and opened again, or exempt meanwhile, has a new one.
 * @example openingOfGrace(entry) // '2026-11-21T10:00:00.000Z 1795255200000'
 */
export function openingOfGrace({ finding, outstandingSince }: Recorded): string {
  return `${finding?.openedAt ?? 'unknown'} ${outstandingSince ?? 'unknown'}`;
}

const keptFor = 400 * 86_400_000;

const shape = z.object({
  formatVersion: z.literal(formatVersion),
  opening: z.string(),
  begunAt: z.number(),
  due: z.number(),
});

export class DynamoGracePeriods implements GracePeriods {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor({ client, table }: { readonly client: DynamoDBClient; readonly table: string }) {
    this.#client = client;
    this.#table = table;
  }

  async read(finding: string, action: ActionId): Promise<GracePeriod | undefined> {
    const key = keyOf(finding, action);
    try {
      const { Item: item } = await this.#client.send(
        new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
      );
      return item === undefined ? undefined : periodIn(item, finding);
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, this.#table, [finding], 'read');
    }
  }

  async begin(finding: string, action: ActionId, period: GracePeriod): Promise<GracePeriod> {
    const { opening, begunAt, due } = period;
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            ...keyOf(finding, action),
            ...marshall({
              formatVersion,
              opening,
              begunAt,
              due,
              [expiryAttribute]: Math.ceil((due + keptFor) / 1_000),
            }),
          },
          ConditionExpression:
            'attribute_not_exists(pk) OR (opening <> :opening AND formatVersion <= :formatVersion)',
          ExpressionAttributeValues: {
            ':opening': { S: opening },
            ':formatVersion': { N: String(formatVersion) },
          },
        }),
      );
      return period;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw failureOf(error, this.#table, [finding], 'written');
      }
      // Another run began it, or an earlier try of this one did.
      const begun = await this.read(finding, action);
      if (begun?.opening === opening) return begun;
      throw new StateTableError(
        'busy',
        [finding],
        `The grace period of ${action} for ${someOf([finding])} could not be begun: others kept writing it. Try again.`,
        error,
      );
    }
  }
}

function keyOf(finding: string, action: ActionId): Item {
  return { pk: { S: keyText(finding) }, sk: { S: `grace#${action}` } };
}

function periodIn(item: Item, finding: string): GracePeriod {
  checkFormat(item);
  const parsed = shape.safeParse(unmarshall(item));
  if (parsed.success) {
    const { opening, begunAt, due } = parsed.data;
    return { opening, begunAt, due };
  }
  throw new StateTableError(
    'unreadable',
    [finding],
    `The grace period of ${someOf([finding])} (sk ${someOf([item['sk']?.S ?? ''])}) can't be read: it was changed by hand. ` +
      'Nothing is done until it is; delete the item, and the grace period begins anew.',
    parsed.error,
  );
}
