/**
 * Limits and circuit breakers in the state table: one item for each kind of action, written under a condition on its
 * version. At its largest, with the highest limit, everything that may wait and names as long as they may be, it has about
 * two thirds of the 400 KB of an item.
 * Source: Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB" (item size).
 */
import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { severities } from '../core/control.ts';
import { pauseBefore, rounds } from '../findings/state/changing.ts';
import { failureOf, neededByAll, StateTableError } from '../findings/state/error.ts';
import { checkFormat, formatVersion } from '../findings/state/item.ts';
import { type ActionKind, actionKinds, type RateLimits } from '../policy/model.ts';
import {
  afterReset,
  type BreakerReset,
  countRun,
  type LimitAnswer,
  type LimitState,
  noRuns,
  type OpenBreaker,
  type RunToCount,
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

const openBreaker = z.object({ account: z.optional(z.string()), since: z.number(), because: z.string() });

/** What is left out of `runs`, `waiting` and `breakers` was stored before limits had parts. */
const shape = z.object({
  formatVersion: z.literal(formatVersion),
  version: z.number(),
  runs: z.array(
    z.object({
      name: z.string(),
      account: z.string(),
      region: z.string(),
      at: z.number(),
      actor: z.optional(z.string()),
      part: z._default(z.enum(['general', 'reserved']), 'general'),
    }),
  ),
  waiting: z._default(
    z.array(
      z.object({
        name: z.string(),
        finding: z.string(),
        severity: z.enum(severities),
        account: z.string(),
        region: z.string(),
        actor: z.string(),
        since: z.number(),
        due: z.number(),
      }),
    ),
    [],
  ),
  breakers: z._default(z.array(openBreaker), []),
  /** As it was stored before there were breakers of single accounts. */
  breaker: z.optional(openBreaker),
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
   * Counts one more action run, unless a limit is reached or a circuit breaker is open.
   * @returns whether it may begin, or when it is to be tried again. Rejects with a `StateTableError` when that can't be decided, and so it may not.
   */
  async admit(kind: ActionKind, limits: RateLimits, run: RunToCount): Promise<LimitAnswer> {
    return await neededByAll(() => this.#count(kind, limits, run));
  }

  async #count(kind: ActionKind, limits: RateLimits, run: RunToCount): Promise<LimitAnswer> {
    const named = { ...run, name: digest(run.name) };
    for (let round = 1; round <= rounds; round += 1) {
      if (round > 1) await this.#options.wait(pauseBefore(round, this.#options.random));
      const stored = await this.#read(kind);
      const answer = countRun(stored.state, kind, limits, named, this.#options.now());
      const unchanged = !answer.admitted && !answer.opened && answer.due === undefined;
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
   * Resets the circuit breakers of a kind, with all that was counted, and stores who did so and why.
   * @returns whether one was open, or something waited for budget; else nothing is written. Rejects with a `StateTableError`.
   */
  async reset(kind: ActionKind, reset: Pick<BreakerReset, 'actor' | 'reason'>): Promise<boolean> {
    for (let round = 1; round <= rounds; round += 1) {
      const { state, version } = await this.#read(kind);
      if (state.breakers.length === 0 && state.waiting.length === 0) return false;
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
      const { version, runs, waiting, breakers, breaker, reset } = parsed.data;
      const state = {
        runs: runs.map(({ actor, ...run }) => ({ ...run, ...(actor === undefined ? {} : { actor }) })),
        waiting,
        breakers: [...breakers, ...(breaker === undefined ? [] : [breaker])].map(
          ({ account, ...open }): OpenBreaker => ({ ...open, ...(account === undefined ? {} : { account }) }),
        ),
        ...(reset === undefined ? {} : { reset }),
      };
      return { version, state };
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, table, [keyOf(kind)], 'read');
    }
  }

  /** @returns whether it was written: not when another run has written it since it was read. */
  async #write(
    kind: ActionKind,
    { runs, waiting, breakers, reset }: LimitState,
    version: number,
  ): Promise<boolean> {
    const { client, table } = this.#options;
    const item = {
      pk: keyOf(kind),
      sk: 'limits',
      formatVersion,
      version: version + 1,
      runs,
      waiting,
      breakers,
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

/** Names of action runs contain ids of findings, of 512 characters: a digest tells them apart. */
function digest(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 22);
}

function keyOf(kind: ActionKind): string {
  return `limits/${kind}`;
}
