/**
 * The run history in the state table. An action run is an item beside its finding's entry: `pk` is the finding's id, `sk`
 * `action#<action>#<sequence>`. As there is no index by time, an action run is also listed, by an item of its own that is
 * written in the same transaction and never changed: `pk` is `action runs/<account>/<Region>/<day>`, `sk` begins with the
 * time. So action runs are found by time with a query a day, and without a scan.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { AccountRegion } from '../../core/account-region.ts';
import type { ActionId } from '../../core/action.ts';
import { failureOf, StateTableError } from '../../findings/state/error.ts';
import { type Item, keyText } from '../../findings/state/item.ts';
import type { ActionRun, RunHistory } from './action-run.ts';
import { checkActionRun } from './checked-run.ts';
import {
  actionRunKey,
  actionRunKeyPrefix,
  fromItem,
  fromListing,
  listing,
  listingKey,
  toItem,
} from './run-history-items.ts';

export interface DynamoRunHistoryOptions {
  readonly client: DynamoDBClient;
  /** The name of the state table. */
  readonly table: string;
  readonly now: () => Date;
}

/** The IAM actions that the run history needs on the table. TransactWriteItems has none of its own. */
export const runHistoryPermissions: readonly string[] = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
];

const day = 24 * 3_600_000;

export class DynamoRunHistory implements RunHistory {
  readonly #options: DynamoRunHistoryOptions;

  constructor(options: DynamoRunHistoryOptions) {
    this.#options = options;
  }

  async latest(findingId: string, action: ActionId): Promise<ActionRun | undefined> {
    const [item] = await this.#query(findingId, actionRunKeyPrefix(action), {
      ScanIndexForward: false,
      Limit: 1,
    });
    return item === undefined ? undefined : checkActionRun(fromItem(item), { finding: findingId, action });
  }

  async of(findingId: string): Promise<readonly ActionRun[]> {
    const actionRuns = (await this.#query(findingId, actionRunKeyPrefix())).map((item) =>
      checkActionRun(fromItem(item), { finding: findingId }),
    );
    return actionRuns.sort((one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt));
  }

  async since(accountRegion: AccountRegion, from: Date): Promise<readonly ActionRun[]> {
    const { now } = this.#options;
    const found: ActionRun[] = [];
    // Another run's clock may be ahead of this one's, but hardly by a day.
    for (let time = startOfDay(from.getTime()); time <= now().getTime() + day; time += day) {
      for (const item of await this.#query(listingKey(accountRegion, new Date(time)), '')) {
        const listed = fromListing(item);
        if (listed.begunAt < from.toISOString()) continue;
        const actionRun = await this.#get(listed.key);
        if (actionRun !== undefined) found.push(actionRun);
      }
    }
    return found;
  }

  async begin(actionRun: ActionRun): Promise<boolean> {
    const { client, table, now } = this.#options;
    const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
    try {
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName: table, Item: toItem(actionRun, now()), ...condition } },
            { Put: { TableName: table, Item: listing(actionRun, now()) } },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException) || !lostToAnotherWrite(error))
        throw this.#failure(error, actionRun);
      return await this.#isStored(actionRun);
    }
  }

  async save(actionRun: ActionRun): Promise<boolean> {
    const { client, table, now } = this.#options;
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: toItem(actionRun, now()),
          ConditionExpression: '#version = :before',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':before': { N: String(actionRun.version - 1) } },
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw this.#failure(error, actionRun);
      return await this.#isStored(actionRun);
    }
  }

  /** Whether an earlier try, the answer to which was lost, made the very write that was refused. */
  async #isStored(actionRun: ActionRun): Promise<boolean> {
    const stored = await this.#get(actionRunKey(actionRun));
    return stored !== undefined && stored.version === actionRun.version && stored.writer === actionRun.writer;
  }

  async #get(key: Item): Promise<ActionRun | undefined> {
    const { client, table } = this.#options;
    try {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
      );
      return Item === undefined ? undefined : fromItem(Item);
    } catch (error) {
      throw error instanceof StateTableError ? error : failureOf(error, table, [key['pk']?.S ?? ''], 'read');
    }
  }

  async #query(
    pk: string,
    prefix: string,
    input: Pick<QueryCommandInput, 'ScanIndexForward' | 'Limit'> = {},
  ): Promise<readonly Item[]> {
    const { client, table } = this.#options;
    const items: Item[] = [];
    let from: Item | undefined;
    try {
      do {
        const answer = await client.send(
          new QueryCommand({
            ...input,
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
            ExpressionAttributeValues: {
              ':pk': { S: keyText(pk) },
              ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
            },
            ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          }),
        );
        items.push(...(answer.Items ?? []));
        from = answer.LastEvaluatedKey;
      } while (from !== undefined && input.Limit === undefined);
    } catch (error) {
      throw failureOf(error, table, [pk], 'read');
    }
    return items;
  }

  #failure(error: unknown, { finding }: ActionRun): Error {
    return failureOf(error, this.#options.table, [finding.id], 'written');
  }
}

/** Whether another write, earlier or at the same time, is the cause: then what is stored tells what came of it. */
function lostToAnotherWrite({ CancellationReasons: reasons = [] }: TransactionCanceledException): boolean {
  return reasons.some(({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict');
}

function startOfDay(time: number): number {
  return Math.floor(time / day) * day;
}
