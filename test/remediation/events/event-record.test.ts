/** The events that were published, as they are stored and found again. */
import { BatchGetItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { type Item, keyTextIn } from '../../../lib/findings/state/item.ts';
import { type EventName, keyTextOf, type PublishedEvent, readEvents, storeEvent } from '../../../lib/remediation/events/event-record.ts';
import { action, transition } from '../../notifications/events.ts';

const client = new DynamoDBClient({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
const dynamodb = mockClient(client);
const items = new Map<string, Item>();
const now = Date.parse('2026-11-30T00:00:00Z');
const table = { client, table: 'state', wait: async () => undefined, random: () => 0 };
const records = {
  store: (published: PublishedEvent) => storeEvent(table, published, now),
  read: (names: readonly EventName[]) => readEvents(table, names),
};

beforeEach(() => {
  items.clear();
  dynamodb.reset();
  dynamodb.on(PutItemCommand).callsFake(({ Item }) => {
    const before = items.get(keyTextIn(Item));
    items.set(keyTextIn(Item), Item);
    return before === undefined ? {} : { Attributes: before };
  });
  dynamodb.on(BatchGetItemCommand).callsFake(({ RequestItems }) => ({
    Responses: {
      state: RequestItems.state.Keys.flatMap((key: Item) => items.get(keyTextIn(key)) ?? []),
    },
  }));
});

const done = { kind: 'action', event: action() } as const;
const failed = { kind: 'transition', event: transition() } as const;
const nameOf = ({ kind, event }: typeof done | typeof failed) => ({
  kind,
  id: event.id,
  finding: event.finding,
});

describe('a published event', () => {
  it('is found by what names it, as it was stored', async () => {
    await records.store(done);
    await records.store(failed);
    const found = await records.read([nameOf(done), nameOf(failed)]);
    expect([found.get(keyTextOf(nameOf(done))), found.get(keyTextOf(nameOf(failed)))]).toEqual([done, failed]);
  });

  it.each([
    ['id', { ...nameOf(done), id: 'forged' }],
    ['finding', { ...nameOf(done), finding: 'trailseal/other' }],
    ['kind', { ...nameOf(done), kind: 'transition' as const }],
  ])('is not found by another %s', async (_what, name) => {
    await records.store(done);
    expect((await records.read([name])).size).toBe(0);
  });

  it('is known to be stored before', async () => {
    expect([await records.store(done), await records.store(done)]).toEqual(['new', 'stored-before']);
  });

  it('that lies under the key of another is an error that says what to do', async () => {
    await records.store(done);
    const [item] = items.values();
    if (item === undefined) throw new Error('nothing was stored');
    const other = { ...nameOf(done), id: 'other' };
    items.set(`events/${keyTextOf(other)}`, { ...item, pk: { S: `events/${keyTextOf(other)}` } });
    await expect(records.read([other])).rejects.toThrow(StateTableError);
    await expect(records.read([other])).rejects.toThrow(/Nobody is notified of it; delete the item/);
  });

  it('is kept under a prefix that IAM can tell from all else, and for longer than queues keep messages', async () => {
    await records.store(done);
    const [item] = items.values();
    expect(item?.['pk']?.S).toMatch(/^events\/[0-9a-f]{64}$/);
    expect(Number(item?.['expires']?.N)).toBe(Date.parse('2026-11-30T00:00:00Z') / 1_000 + 60 * 86_400);
  });
});
