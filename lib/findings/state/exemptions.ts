/**
 * Operators' exemptions, in the state table: all of an account and Region in one partition, as there are few, so that
 * one query before a verdict is recorded reads them all, and always the newest.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import type { OperatorExemption } from '../../policy/operator-exemption.ts';
import { failureOf, neededByAll, StateTableError } from './error.ts';
import { checkFormat, formatVersion, type Item, keyText } from './item.ts';
import { expiryAttribute } from './schema.ts';

/** By the ids of the findings. */
export type OperatorExemptions = ReadonlyMap<string, OperatorExemption>;

/** What the partition keys of exemptions begin with: IAM policies allow access to them by it. */
export const exemptionKeyPrefix = 'exemptions/';

/** The IAM actions on the table that reading exemptions and giving one require. */
export const exemptionPermissions = { read: 'dynamodb:Query', give: 'dynamodb:PutItem' } as const;

/** How long an exemption is kept after its end, in milliseconds: at least as long as Security Hub keeps its finding. */
const keptFor = 120 * 86_400_000;

const text = z.string();
const shape = z.looseObject({
  formatVersion: z.literal(formatVersion),
  finding: text,
  reason: text,
  owner: text,
  until: z.iso.date(),
  givenAt: text,
  lifted: z.nullable(z.object({ by: text, at: text })),
});

/**
 * The exemptions of one account and Region.
 * @example
 * const exemptions = new DynamoExemptions({ client, table, accountRegion });
 * const exemption = (await exemptions.all()).get(finding.id);
 */
export class DynamoExemptions {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #accountRegion: AccountRegion;

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
    this.#accountRegion = accountRegion;
  }

  /** All exemptions, expired ones included. Rejects with a `StateTableError`: then it is unknown what is exempt. */
  async all(): Promise<OperatorExemptions> {
    return await neededByAll(async () => {
      const exemptions = (await this.#items()).map((item) => this.#read(item));
      return new Map(exemptions.map((exemption) => [exemption.finding, exemption]));
    });
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
            ExpressionAttributeValues: { ':pk': { S: this.#key } },
            ConsistentRead: true,
            ExclusiveStartKey: from,
          }),
        );
        found.push(...items);
        from = last;
      } while (from !== undefined);
      return found;
    } catch (error) {
      throw failureOf(error, this.#table, [this.#key], 'read');
    }
  }

  #read(item: Item): OperatorExemption {
    checkFormat(item);
    const parsed = shape.safeParse(unmarshall(item));
    // One that lies under the key of another finding is none of it.
    if (parsed.success && item['sk']?.S === keyText(parsed.data.finding)) {
      const { finding, reason, owner, until, givenAt, lifted } = parsed.data;
      return { finding, reason, owner, expires: until, givenAt, lifted };
    }
    throw new StateTableError(
      'unreadable',
      [this.#key],
      `An exemption in ${this.#key} of the table ${this.#table} can't be read: it is damaged, or was changed by ` +
        'hand. Delete it, and give the exemption again.',
      parsed.error,
    );
  }

  /**
   * Writes an exemption, or its end, over the earlier one of its finding. Rejects with a `StateTableError`, also where
   * that one is of a newer format.
   * @returns `false` where a newer one is there, which stays.
   */
  async give({ expires, ...exemption }: OperatorExemption): Promise<boolean> {
    const forgottenAt = Date.parse(`${expires}T00:00:00Z`) + keptFor;
    const item = {
      pk: this.#key,
      sk: keyText(exemption.finding),
      formatVersion,
      ...exemption,
      // `expires`, the last day's name elsewhere, is the attribute by which DynamoDB removes items.
      until: expires,
      saidAt: exemption.lifted?.at ?? exemption.givenAt,
      [expiryAttribute]: Math.ceil(forgottenAt / 1_000),
    };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall(item),
          ConditionExpression:
            'attribute_not_exists(saidAt) OR (saidAt <= :saidAt AND formatVersion <= :formatVersion)',
          ExpressionAttributeValues: {
            ':saidAt': { S: item.saidAt },
            ':formatVersion': { N: String(formatVersion) },
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        if (error.Item !== undefined) checkFormat(error.Item);
        return false;
      }
      throw failureOf(error, this.#table, [this.#key], 'written');
    }
  }

  get #key(): string {
    return `${exemptionKeyPrefix}${accountRegionKey(this.#accountRegion)}`;
  }
}
