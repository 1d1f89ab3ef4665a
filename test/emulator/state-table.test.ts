/**
 * The state table in a DynamoDB that is moto's. What moto has no way to do (leave keys unprocessed, throttle, lose answers)
 * is held by `test/findings/state/dynamodb.test.ts`, with the SDK mocked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import type { Resource } from '../../lib/core/control.ts';
import { DynamoStateTable } from '../../lib/findings/state/dynamodb.ts';
import { remembered } from '../../lib/findings/state/entry.ts';
import { keyOf } from '../../lib/findings/state/item.ts';
import { table } from '../../lib/findings/state/schema.ts';
import { isPublicationPending, type Recorded } from '../../lib/findings/state/table.ts';
import {
  accountRegion,
  idOf,
  type Observed,
  observe,
  start,
  toRecord,
  volume,
} from '../findings/state/observing.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = dynamodbClient({ region: accountRegion.region, credentials });
const day = 24 * 3_600_000;
const instance = `arn:aws:ec2:${accountRegion.region}:${accountRegion.account}:instance/i-0abc`;
let calls: string[] = [];
client.middlewareStack.add(
  (next, { commandName }) =>
    async (args) => {
      calls.push(commandName ?? '');
      return next(args);
    },
  { step: 'build' },
);

// One request after the other: a transaction that moto cancels takes back what others wrote to its tables meanwhile.
let last: Promise<unknown> = Promise.resolve();
client.middlewareStack.add(
  (next) => (args) => {
    const answer = last.then(() => next(args));
    last = answer.catch(() => undefined);
    return answer;
  },
  { step: 'deserialize', priority: 'low' },
);

let tables = 0;
let name = '';
let now = start;

beforeEach(async () => {
  tables += 1;
  name = `state table-${tables}`;
  now = start;
  const { TimeToLiveSpecification: _, ...description } = table;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...description.AttributeDefinitions],
      KeySchema: [...description.KeySchema],
      GlobalSecondaryIndexes: description.GlobalSecondaryIndexes.map(({ KeySchema, ...index }) => ({
        ...index,
        KeySchema: [...KeySchema],
      })),
    }),
  );
  calls = [];
});

function stateTable(): DynamoStateTable {
  return new DynamoStateTable({ client, table: name, now: () => now, wait: sleep, random: Math.random });
}

function volumes(count: number, more: Partial<Resource> = {}): readonly Resource[] {
  return Array.from({ length: count }, (_, index) => volume(`vol-${String(index).padStart(4, '0')}`, more));
}

function record(all: readonly Observed[], to = stateTable()): Promise<readonly Recorded[]> {
  return to.record(all.map((each) => toRecord(observe(each))));
}

async function attribute(resource: Resource, attributeName: string) {
  const { Item } = await client.send(new GetItemCommand({ TableName: name, Key: keyOf(idOf(resource)) }));
  return Item?.[attributeName];
}

async function pagesOf(kept: DynamoStateTable): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let token: string | undefined;
  do {
    const page = await kept.page(accountRegion, token);
    pages.push(page.entries.map(({ resource }) => resource.id));
    token = page.token;
  } while (token !== undefined);
  return pages;
}

describe('entries', () => {
  it('come back as they were recorded', async () => {
    const resource = volume('vol-0abc', { tags: { '': '', 'na\u0000me': '\ud800 ☃' }, partOf: instance });
    const recorded = await record([{ at: 1, verdict: 'FAIL', resource, details: { Other: { '': '' } } }]);
    expect([...(await stateTable().read([idOf(resource)])).values()]).toEqual(recorded);
  });

  it('that there are none of are left out', async () => {
    await record([{ at: 1, verdict: 'FAIL' }]);
    expect([...(await stateTable().read(['another', idOf(volume())])).keys()]).toEqual([idOf(volume())]);
  });

  it('with names that no key can be are found again', async () => {
    const odd = volume(`vol-\ud800${'☃'.repeat(400)}`);
    const [recorded] = await record([{ at: 1, verdict: 'FAIL', resource: odd }]);
    expect((await stateTable().read([recorded?.id ?? ''])).get(recorded?.id ?? '')).toEqual(recorded);
  });

  it('take several observations in one record, and keep all', async () => {
    await record([
      { at: 2, verdict: 'PASS' },
      { at: 1, verdict: 'FAIL' },
    ]);
    const entry = (await stateTable().read([idOf(volume())])).get(idOf(volume()));
    expect(entry?.observations.map(({ at }) => at - start)).toEqual([1, 2]);
  });

  it('are not written by what says nothing new', async () => {
    await record([{ at: 1, verdict: 'FAIL' }]);
    const [again] = await record([{ at: 1, verdict: 'FAIL' }]);
    expect(again?.version).toBe(1);
  });
});

describe('several state tables', () => {
  it('that record observations of the same entries at the same time lose none', async () => {
    const all = volumes(8);
    const of = (at: number): Observed[] => all.map((resource) => ({ at, verdict: 'FAIL', resource }));
    await Promise.all(Array.from({ length: remembered }, (_, at) => record(of(at), stateTable())));
    const entries = await stateTable().read(all.map(idOf));
    expect([...entries.values()].map(({ observations }) => observations.length)).toEqual(
      all.map(() => remembered),
    );
  });

  it('lose no note of a publication to a record at the same time', async () => {
    const all = volumes(8);
    const of = (at: number): Observed[] => all.map((resource) => ({ at, verdict: 'FAIL', resource }));
    const published = (await record(of(0))).map(({ id, updatedAt }) => ({ id, updatedAt }));
    await Promise.all([record(of(1)), stateTable().markPublished(published), record(of(2))]);
    const entries = await stateTable().read(all.map(idOf));
    expect([...entries.values()].map((entry) => entry.published?.updatedAt)).toEqual(all.map(() => start));
  });
});

describe('the calls for 250 entries', () => {
  const all: readonly Observed[] = volumes(250).map((resource) => ({ at: 1, verdict: 'FAIL', resource }));

  it('are three reads and three writes', async () => {
    await record(all);
    expect(calls.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'BatchGetItemCommand'),
      ...Array.from({ length: 3 }, () => 'TransactWriteItemsCommand'),
    ]);
  });

  it('are three reads where nothing is new', async () => {
    await record(all);
    calls = [];
    await record(all);
    expect(calls).toEqual(Array.from({ length: 3 }, () => 'BatchGetItemCommand'));
  });
});

describe('a page', () => {
  it('is one of as many as hold all entries with something left to do, each once', async () => {
    await record(volumes(250).map((resource) => ({ at: 1, verdict: 'FAIL', resource })));
    const pages = await pagesOf(stateTable());
    expect(pages.flat().toSorted()).toEqual(volumes(250).map(({ id }) => id));
  });

  it('has a hundred entries', async () => {
    await record(volumes(250).map((resource) => ({ at: 1, verdict: 'FAIL', resource })));
    expect((await pagesOf(stateTable())).map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('costs two calls', async () => {
    await record(volumes(50).map((resource) => ({ at: 1, verdict: 'FAIL', resource })));
    calls = [];
    await stateTable().page(accountRegion, undefined);
    expect(calls).toEqual(['QueryCommand', 'BatchGetItemCommand']);
  });

  it('has no entry without a finding', async () => {
    await record([{ at: 1, verdict: 'PASS' }]);
    expect(await pagesOf(stateTable())).toEqual([[]]);
  });

  it('has no entry of another place', async () => {
    await record([{ at: 1, verdict: 'FAIL', resource: volume('vol-0abc', { region: 'eu-west-1' }) }]);
    expect(await pagesOf(stateTable())).toEqual([[]]);
  });

  it('has what was archived until Security Hub knows', async () => {
    const [archived] = await record([
      { at: 1, verdict: 'FAIL' },
      { at: 2, verdict: 'deleted' },
    ]);
    const before = await pagesOf(stateTable());
    await stateTable().markPublished([{ id: archived?.id ?? '', updatedAt: archived?.updatedAt ?? 0 }]);
    expect([before, await pagesOf(stateTable())]).toEqual([[['vol-0abc']], [[]]]);
  });
});

describe('a note of a publication', () => {
  it('leaves nothing pending publication', async () => {
    const [entry] = await record([{ at: 1, verdict: 'FAIL' }]);
    await stateTable().markPublished([{ id: entry?.id ?? '', updatedAt: entry?.updatedAt ?? 0 }]);
    const noted = (await stateTable().read([entry?.id ?? ''])).get(entry?.id ?? '');
    expect(noted && isPublicationPending(noted, now)).toBe(false);
  });

  it('that comes late does not take the place of a newer one', async () => {
    const [entry] = await record([{ at: 1, verdict: 'FAIL' }]);
    const id = entry?.id ?? '';
    await stateTable().markPublished([{ id, updatedAt: start + 5 }]);
    await stateTable().markPublished([{ id, updatedAt: start + 4 }]);
    expect((await stateTable().read([id])).get(id)?.published?.updatedAt).toBe(start + 5);
  });

  it('of an entry that there is none of is no matter', async () => {
    await stateTable().markPublished([{ id: idOf(volume()), updatedAt: start }]);
    expect((await stateTable().read([idOf(volume())])).size).toBe(0);
  });
});

describe('the parts of a resource', () => {
  it('are those with a finding', async () => {
    await record([
      { at: 1, verdict: 'FAIL', resource: volume('vol-1', { partOf: instance }) },
      { at: 1, verdict: 'PASS', resource: volume('vol-2', { partOf: instance }) },
      { at: 1, verdict: 'FAIL', resource: volume('vol-3', { partOf: `${instance}0` }) },
      { at: 1, verdict: 'FAIL', resource: volume('vol-4') },
    ]);
    expect((await stateTable().partsOf([instance])).map(({ resource }) => resource.id)).toEqual(['vol-1']);
  });

  it('are found though they are more than a page', async () => {
    const parts = volumes(250, { partOf: instance });
    await record(parts.map((resource) => ({ at: 1, verdict: 'FAIL', resource })));
    expect((await stateTable().partsOf([instance])).map(({ resource }) => resource.id).toSorted()).toEqual(
      parts.map(({ id }) => id),
    );
  });

  it('are none any more when their finding is archived', async () => {
    const resource = volume('vol-1', { partOf: instance });
    await record([
      { at: 1, verdict: 'FAIL', resource },
      { at: 2, verdict: 'deleted', resource },
    ]);
    expect(await stateTable().partsOf([instance])).toEqual([]);
  });

  it('are found by an ARN of any length', async () => {
    const partOf = `${instance}${'x'.repeat(3_000)}`;
    await record([{ at: 1, verdict: 'FAIL', resource: volume('vol-1', { partOf }) }]);
    expect((await stateTable().partsOf([partOf])).map(({ resource }) => resource.id)).toEqual(['vol-1']);
  });
});

describe('an entry is forgotten', () => {
  const inDays = (days: number) => ({ N: String((start + days * day) / 1_000) });

  it.each([
    ['three days after it was written, while it has no finding', ['PASS'], inDays(3)],
    ['never, while its finding is open', ['FAIL'], undefined],
    ['120 days after its finding was resolved', ['FAIL', 'PASS'], inDays(120)],
    ['120 days after its finding was archived', ['FAIL', 'deleted'], inDays(120)],
    ['never, once its finding is open again', ['FAIL', 'deleted', 'FAIL'], undefined],
  ] as const)('%s', async (_when, life, expires) => {
    for (const [at, verdict] of life.entries()) await record([{ at, verdict }]);
    expect(await attribute(volume(), 'expires')).toEqual(expires);
  });
});
