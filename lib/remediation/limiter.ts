/** RateLimits and breakers in the state table's table: one item a kind of action, written under a condition on its version. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { pauseBefore, rounds } from '../findings/state/changing.ts';
import { failureOf, StateTableError } from '../findings/state/error.ts';
import { type ActionKind, actionKinds, type RateLimits } from '../policy/model.ts';
import {
  type Closing,
  closed,
  type LimitAnswer,
  type LimitState,
  nothingUsed,
  type Use,
  use,
} from './limits.ts';

export interface LimiterOptions {
  readonly client: DynamoDBClient;
  /** The state table's table. */
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1, as Math.random gives it. */
  readonly random: () => number;
}

/** The IAM actions that the limiter needs on the table. */
export const limiterPermissions = ['dynamodb:GetItem', 'dynamodb:PutItem'] as const;

const shape = z.object({
  version: z.number(),
  uses: z.array(z.object({ actionRun: z.string(), account: z.string(), at: z.number() })),
  breaker: z.optional(z.object({ since: z.number(), because: z.string() })),
  closing: z.optional(z.object({ at: z.number(), by: z.string(), why: z.string() })),
});

interface Kept {
  readonly version: number;
  readonly state: LimitState;
}

export class Limiter {
  readonly #options: LimiterOptions;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /**
   * Counts one more action, unless a limit is reached or the breaker is open.
   * @returns whether it may be done. Rejects with a `StateTableError` when that can't be told, and so it may not.
   */
  async admit(
    kind: ActionKind,
    limits: RateLimits,
    counted: Pick<Use, 'actionRun' | 'account'>,
  ): Promise<LimitAnswer> {
    for (let round = 1; round <= rounds; round += 1) {
      if (round > 1) await this.#options.wait(pauseBefore(round, this.#options.random));
      const kept = await this.#read(kind);
      const answer = use(kept.state, kind, limits, counted, this.#options.now());
      const unchanged = !answer.admitted && !answer.opened;
      if (unchanged || (await this.#write(kind, answer.state, kept.version))) return answer;
    }
    throw new StateTableError(
      'busy',
      [keyOf(kind)],
      `The limit of ${kind} could not be counted: others kept writing it. The same may be asked again.`,
    );
  }

  /** The state of each kind. Rejects with a `StateTableError`. */
  async show(): Promise<Readonly<Record<ActionKind, LimitState>>> {
    const states = await Promise.all(
      actionKinds.map(async (kind) => [kind, (await this.#read(kind)).state] as const),
    );
    return Object.fromEntries(states) as Record<ActionKind, LimitState>;
  }

  /**
   * Closes the breaker of a kind, and keeps who did so and why.
   * @returns whether it was open; else nothing is written. Rejects with a `StateTableError`.
   */
  async close(kind: ActionKind, closing: Pick<Closing, 'by' | 'why'>): Promise<boolean> {
    for (let round = 1; round <= rounds; round += 1) {
      const { state, version } = await this.#read(kind);
      if (state.breaker === undefined) return false;
      if (await this.#write(kind, closed({ ...closing, at: this.#options.now() }), version)) return true;
    }
    throw new StateTableError(
      'busy',
      [keyOf(kind)],
      `The breaker of ${kind} could not be closed: try again.`,
    );
  }

  async #read(kind: ActionKind): Promise<Kept> {
    const { client, table } = this.#options;
    const key = { pk: { S: keyOf(kind) }, sk: { S: 'limits' } };
    try {
      const { Item: item } = await client.send(
        new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
      );
      if (item === undefined) return { version: 0, state: nothingUsed };
      const parsed = shape.safeParse(unmarshall(item));
      if (!parsed.success) {
        const message = `The item ${keyOf(kind)} of the table ${table} is no state of limits; nothing of the kind is done until it is fixed or deleted.`;
        throw new StateTableError('unreadable', [keyOf(kind)], message, parsed.error);
      }
      const { version, uses, breaker, closing } = parsed.data;
      return { version, state: { uses, breaker, ...(closing === undefined ? {} : { closing }) } };
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, table, [keyOf(kind)], 'read');
    }
  }

  /** @returns whether it was written: not when somebody else has written it since it was read. */
  async #write(kind: ActionKind, { uses, breaker, closing }: LimitState, version: number): Promise<boolean> {
    const { client, table } = this.#options;
    const item = { pk: keyOf(kind), sk: 'limits', version: version + 1, uses, breaker, closing };
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: marshall(item, { removeUndefinedValues: true }),
          ConditionExpression: version === 0 ? 'attribute_not_exists(pk)' : '#version = :version',
          ...(version === 0
            ? {}
            : {
                ExpressionAttributeNames: { '#version': 'version' },
                ExpressionAttributeValues: { ':version': { N: String(version) } },
              }),
        }),
      );
      return true;
    } catch (error) {
      // Also when the answer to a write of ours was lost and the SDK tried again: the next round finds it counted.
      if (error instanceof ConditionalCheckFailedException) return false;
      throw failureOf(error, table, [keyOf(kind)], 'written');
    }
  }
}

function keyOf(kind: ActionKind): string {
  return `limits/${kind}`;
}
