/** The count of deliveries that came to no end, as the state table holds it. */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { DynamoBegunDeliveries } from '../../../lib/findings/state/begun-deliveries.ts';
import type { Item } from '../../../lib/findings/state/item.ts';

const dynamodb = mockClient(DynamoDBClient);
const items = new Map<string, Item>();
const keyOf = (item: Item = {}) => JSON.stringify([item['pk'], item['sk']]);

beforeEach(() => {
  items.clear();
  dynamodb.reset();
  dynamodb.on(PutItemCommand).callsFake(({ Item: item }) => {
    items.set(keyOf(item), item);
    return {};
  });
  dynamodb.on(GetItemCommand).callsFake(({ Key: key }) => {
    const item = items.get(keyOf(key));
    return item === undefined ? {} : { Item: item };
  });
});

const now = Date.parse('2026-11-30T22:00:00Z');
const begun = new DynamoBegunDeliveries({
  client: new DynamoDBClient({ region: 'eu-central-1' }),
  table: 'trailseal-dev-state-table',
  accountRegion: { account: '111122223333', region: 'eu-central-1' },
  now: () => now,
});

it('is 0 of a message that is not known, and then what was set, of that message alone', async () => {
  expect(await begun.count('one')).toBe(0);
  await begun.set('one', 2);
  expect([await begun.count('one'), await begun.count('other')]).toEqual([2, 0]);
});

it('is kept for longer than the queue keeps the message, and then forgotten', async () => {
  await begun.set('one', 1);
  const [item] = items.values();
  expect(Number(item?.['expires']?.N)).toBe(now / 1_000 + 5 * 86_400);
});

it('that cannot be read, or is of a newer version, is an error that says what to do', async () => {
  await begun.set('one', 1);
  const [[key, item] = []] = items;
  items.set(key ?? '', { ...item, begun: { S: 'often' } });
  await expect(begun.count('one')).rejects.toMatchObject({ trouble: 'unreadable' });
  items.set(key ?? '', { ...item, formatVersion: { N: '99' } });
  await expect(begun.count('one')).rejects.toMatchObject({ trouble: 'newer-format' });
});

it('that DynamoDB does not answer is an error of the state table', async () => {
  dynamodb.onAnyCommand().rejects(new Error('The service is too busy.'));
  await expect(begun.count('one')).rejects.toMatchObject({ name: 'StateTableError' });
  await expect(begun.set('one', 1)).rejects.toMatchObject({ name: 'StateTableError' });
});
