/** What remediation reads from the state table instead of believing messages: requests of operators, and grace periods. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { StateTableError } from '../../lib/findings/state/error.ts';
import type { Item } from '../../lib/findings/state/item.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import { readRequest, storeRequest } from '../../lib/remediation/action-request-record.ts';
import { DynamoGracePeriods } from '../../lib/remediation/grace-period-record.ts';
import { accountRegion } from './actions/simulated-resource.ts';

const client = new DynamoDBClient({
  region: accountRegion.region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
const dynamodb = mockClient(client);
const items = new Map<string, Item>();
const nameOf = (item: Item) => JSON.stringify([item['pk'], item['sk']]);

/** DynamoDB as far as these two need it: a put whose item is there fails, but for a grace period of another opening. */
beforeEach(() => {
  items.clear();
  dynamodb.reset();
  dynamodb.on(GetItemCommand).callsFake(({ Key }) => ({ Item: items.get(nameOf(Key)) }));
  dynamodb.on(PutItemCommand).callsFake(({ Item, ExpressionAttributeValues: values = {} }) => {
    const held = items.get(nameOf(Item));
    const isAnother = values[':opening'] !== undefined && held?.['opening']?.S !== values[':opening'].S;
    if (held !== undefined && !isAnother)
      throw new ConditionalCheckFailedException({ message: 'held', $metadata: {} });
    items.set(nameOf(Item), Item);
    return {};
  });
});

const request = {
  id: 'event-1 trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  finding: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  action: 'fix',
  actor: 'an operator whom AWS does not name',
  reason: '"Fix" was used.',
  at: '2026-11-21T10:00:00.000Z',
} as const;

describe('the request of an operator', () => {
  const table = { client, table: 'state', accountRegion };
  const requests = {
    store: (one: ActionRequest) => storeRequest(table, one),
    read: (id: string) => readRequest(table, id),
  };

  it('is read as it was stored', async () => {
    await requests.store(request);
    expect(await requests.read(request.id)).toEqual(request);
  });

  it('that nobody stored is none', async () => {
    expect(await requests.read('forged')).toBeUndefined();
  });

  it('is not replaced by another one of the same id', async () => {
    await requests.store(request);
    await requests.store({ ...request, action: 'undo', actor: 'the CISO' });
    expect(await requests.read(request.id)).toEqual(request);
  });

  it('is kept under its account and Region, where the operator’s function may write and nowhere else', async () => {
    await requests.store(request);
    expect([...items.values()].map(({ pk }) => pk?.S)).toEqual(['requests/111122223333/eu-central-1']);
  });

  it('that lies under another id, or is of another form, is an error that says what to do', async () => {
    await requests.store(request);
    const [item] = items.values();
    if (item === undefined) throw new Error('nothing was stored');
    items.set(nameOf({ ...item, sk: { S: 'other' } }), item);
    await expect(requests.read('other')).rejects.toThrow(StateTableError);
    await expect(requests.read('other')).rejects.toThrow(/delete the item, and request the action again/);
  });
});

describe('a grace period', () => {
  const periods = new DynamoGracePeriods({ client, table: 'state' });
  const period = { opening: 'one', begunAt: 1_000, due: 2_000 };

  it('that has begun does not begin again', async () => {
    expect(await periods.begin('f', 'quarantine', period)).toEqual(period);
    expect(await periods.begin('f', 'quarantine', { ...period, begunAt: 1_500, due: 2_500 })).toEqual(period);
    expect(await periods.read('f', 'quarantine')).toEqual(period);
  });

  it('begins anew for another opening', async () => {
    await periods.begin('f', 'quarantine', period);
    const next = { opening: 'two', begunAt: 5_000, due: 6_000 };
    expect(await periods.begin('f', 'quarantine', next)).toEqual(next);
  });

  it('is one for each action and finding', async () => {
    await periods.begin('f', 'quarantine', period);
    expect(await periods.read('f', 'fix:enable-key')).toBeUndefined();
    expect(await periods.read('g', 'quarantine')).toBeUndefined();
  });

  it('that can’t be read stops the action, and the error says what to do', async () => {
    await periods.begin('f', 'quarantine', period);
    const [item] = items.values();
    if (item === undefined) throw new Error('nothing was stored');
    items.set(nameOf(item), { ...item, due: { S: 'soon' } });
    await expect(periods.read('f', 'quarantine')).rejects.toThrow(
      /delete the item, and the grace period begins/,
    );
  });
});
