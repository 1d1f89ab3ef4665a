/**
 * Limits and circuit breakers in the state table: one item for each kind of action, written under a condition on its
 * version.
 */
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
import { checkFormat, formatVersion } from '../findings/state/item.ts';
import { type ActionKind, actionKinds, type RateLimits } from '../policy/model.ts';
import {
  afterReset,
  type BreakerReset,
  type CountedRun,
  countRun,
  type LimitAnswer,
  type LimitState,
  noRuns,
} from './limits.ts';

/** What the limiter needs. */
export interface LimiterOptions {
  readonly client: DynamoDBClient;
  /** The name of the state table. */
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
  formatVersion: z.literal(formatVersion),
  version: z.number(),
  runs: z.array(z.object({ name: z.string(), account: z.string(), region: z.string(), at: z.number() })),
  breaker: z.optional(z.object({ since: z.number(), because: z.string() })),
  reset: z.optional(z.object({ at: z.number(), actor: z.string(), reason: z.string() })),
});

interface StoredLimit {
  /** Grows by one with each write; 0 while there is no item. */
  readonly version: number;
  readonly state: LimitState;
}

export class Limiter {
  readonly #options: LimiterOptions;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /**
   * Counts one more action run, unless a limit is reached or the circuit breaker is open.
   * @returns whether it may begin. Rejects with a `StateTableError` when that can't be decided, and so it may not.
   */
  async admit(kind: ActionKind, limits: RateLimits, run: Omit<CountedRun, 'at'>): Promise<LimitAnswer> {
    for (let round = 1; round <= rounds; round += 1) {
      if (round > 1) await this.#options.wait(pauseBefore(round, this.#options.random));
      const stored = await this.#read(kind);
      const answer = countRun(stored.state, kind, limits, run, this.#options.now());
      const unchanged = !answer.admitted && !answer.opened;
      if (unchanged || (await this.#write(kind, answer.state, stored.version))) return answer;
    }
    throw new StateTableError(
      'busy',
      [keyOf(kind)],
      `The limit of ${kind} could not be counted: other runs kept writing it. Try again.`,
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
   * Resets the circuit breaker of a kind, and stores who did so and why.
   * @returns whether it was open; else nothing is written. Rejects with a `StateTableError`.
   */
  async reset(kind: ActionKind, reset: Pick<BreakerReset, 'actor' | 'reason'>): Promise<boolean> {
    for (let round = 1; round <= rounds; round += 1) {
      const { state, version } = await this.#read(kind);
      if (state.breaker === undefined) return false;
      if (await this.#write(kind, afterReset({ ...reset, at: this.#options.now() }), version)) return true;
    }
    throw new StateTableError(
      'busy',
      [keyOf(kind)],
      `The circuit breaker of ${kind} could not be reset: other runs kept writing it. Try again.`,
    );
  }

  async #read(kind: ActionKind): Promise<StoredLimit> {
    const { client, table } = this.#options;
    const key = { pk: { S: keyOf(kind) }, sk: { S: 'limits' } };
    try {
      const { Item: item } = await client.send(
        new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
      );
      if (item === undefined) return { version: 0, state: noRuns };
      checkFormat(item);
      const parsed = shape.safeParse(unmarshall(item));
      if (!parsed.success) {
        const message = `The item ${keyOf(kind)} of the table ${table} is no state of limits; no ${kind} is carried out until it is corrected or deleted.`;
        throw new StateTableError('unreadable', [keyOf(kind)], message, parsed.error);
      }
      const { version, runs, breaker, reset } = parsed.data;
      return { version, state: { runs, breaker, ...(reset === undefined ? {} : { reset }) } };
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, table, [keyOf(kind)], 'read');
    }
  }

  /** @returns whether it was written: not when another run has written it since it was read. */
  async #write(kind: ActionKind, { runs, breaker, reset }: LimitState, version: number): Promise<boolean> {
    const { client, table } = this.#options;
    const item = {
      pk: keyOf(kind),
      sk: 'limits',
      formatVersion,
      version: version + 1,
      runs,
      breaker,
      reset,
    };
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
