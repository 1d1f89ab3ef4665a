/** Items that a newer version of Trailseal wrote stop their reader, with an error that says what to do. */
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { StateTableError } from '../../lib/findings/state/error.ts';
import type { Item } from '../../lib/findings/state/item.ts';
import { isRefusal } from '../../lib/pipeline/live/redelivery.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { fromItem, fromListing, listing, toItem } from '../../lib/remediation/actions/run-history-items.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { fakeKey, start } from './actions/simulated-resource.ts';

const now = new Date(start);

async function actionRunOf(): Promise<ActionRun> {
  const key = fakeKey();
  await key.carryOut();
  const actionRun = await key.actionRun();
  if (actionRun === undefined) throw new Error('nothing was done');
  return actionRun;
}

function newer(item: Item): Item {
  return { ...item, formatVersion: { N: '2' } };
}

/** DynamoDB with this item for whatever is asked. */
function holding(item: Item) {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const mock = mockClient(client);
  mock
    .on(GetItemCommand)
    .resolves({ Item: item })
    .on(QueryCommand)
    .resolves({ Items: [item] });
  return { client, mock };
}

describe('an action run', () => {
  it('is stored with format version 1, and comes back as it was', async () => {
    const actionRun = await actionRunOf();
    const item = toItem(actionRun, now);
    expect([item['formatVersion'], fromItem(item)]).toEqual([{ N: '1' }, actionRun]);
  });

  it('of a newer format stops its reader, with what to do', async () => {
    const { client } = holding(newer(toItem(await actionRunOf(), now)));
    const history = new DynamoRunHistory({ client, table: 'state', now: () => now });
    const reading = history.latest(
      'trailseal/fake-control/111122223333/eu-central-1/fake-key',
      'fix:enable-key',
    );
    await expect(reading).rejects.toThrow(StateTableError);
    await expect(reading).rejects.toMatchObject({
      trouble: 'newer-format',
      message: expect.stringMatching(
        /format version 2, .* reads those up to 1: .* Deploy the newest version/,
      ),
    });
  });

  it('in the list stops its reader as well', async () => {
    const item = newer(listing(await actionRunOf(), now));
    expect(() => fromListing(item)).toThrow(expect.objectContaining({ trouble: 'newer-format' }));
  });

  it('without a format version can not be read', async () => {
    const { formatVersion: _, ...item } = toItem(await actionRunOf(), now);
    expect(() => fromItem(item)).toThrow(/can't be read/);
  });
});

describe('the limits of a kind of action', () => {
  const limiter = (client: DynamoDBClient) =>
    new Limiter({ client, table: 'state', now: () => start, wait: async () => undefined, random: () => 0 });
  const limits = { pk: 'limits/fix', sk: 'limits', version: 1, runs: [] };
  const one = { perAccount: 1, perActor: 1, total: 1, reservedForCritical: 0 };
  const run = {
    name: 'a',
    finding: 'trailseal/kms-key-disabled/a',
    severity: 'HIGH',
    account: '111122223333',
    region: 'eu-central-1',
    actor: 'arn:aws:iam::111122223333:user/ana',
    mayWait: true,
  } as const;

  it('are stored with format version 1', async () => {
    const { client, mock } = holding(marshall({ ...limits, formatVersion: 1 }));
    await limiter(client).admit('fix', one, run);
    expect(mock.commandCalls(PutItemCommand)[0]?.args[0].input.Item?.['formatVersion']).toEqual({ N: '1' });
  });

  it('of before there were parts of limits are read, with the breaker that was open then', async () => {
    const before = {
      ...limits,
      formatVersion: 1,
      runs: [{ name: 'b', account: '111122223333', region: 'eu-central-1', at: start }],
      breaker: { since: start, because: 'Rate limit reached.' },
    };
    expect((await limiter(holding(marshall(before)).client).show()).fix).toEqual({
      runs: [{ ...before.runs[0], part: 'general' }],
      waiting: [],
      breakers: [before.breaker],
    });
  });

  it('of a newer format admit nothing, and are not written', async () => {
    const { client, mock } = holding(marshall({ ...limits, formatVersion: 2 }));
    await expect(limiter(client).admit('fix', one, run)).rejects.toMatchObject({
      trouble: 'newer-format',
    });
    expect(mock.commandCalls(PutItemCommand)).toEqual([]);
  });

  it.each([
    ['of a newer format', { ...limits, formatVersion: 2 }],
    ['that are damaged', { ...limits, formatVersion: 1, runs: 'none' }],
  ])(
    '%s are no fault of the message that meets them, which waits until they can be read',
    async (_what, item) => {
      const error: unknown = await limiter(holding(marshall(item)).client)
        .admit('fix', one, run)
        .catch((error: unknown) => error);
      expect(error).toBeInstanceOf(StateTableError);
      expect(isRefusal(error)).toBe(false);
    },
  );
});
