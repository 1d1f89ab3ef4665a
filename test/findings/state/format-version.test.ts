/** Items that a newer version of Trailseal wrote: whoever meets one stops, and says what to do. */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import { DynamoStateTable } from '../../../lib/findings/state/dynamodb.ts';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { DynamoExemptions } from '../../../lib/findings/state/exemptions.ts';
import { formatVersion, type Item, keyOf, toItem } from '../../../lib/findings/state/item.ts';
import { DynamoMemory } from '../../../lib/findings/state/memory.ts';
import { withRecords } from '../../../lib/findings/state/table.ts';
import { isRefusal } from '../../../lib/pipeline/live/redelivery.ts';
import { accountRegion, idOf, observe, start, toRecord, volume } from './observing.ts';

const dynamodb = mockClient(DynamoDBClient);
const options = {
  client: new DynamoDBClient({ region: accountRegion.region }),
  table: 'state',
  wait: async () => undefined,
  random: () => 0,
  now: () => start,
};
const newer = { formatVersion: { N: String(formatVersion + 1) } };
const key: Resource = {
  type: 'AwsKmsKey',
  id: 'k',
  arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/k`,
  ...accountRegion,
};
const memo = {
  kind: 'key-state',
  control: 'kms-key-deletion',
  resource: key,
  value: 'Enabled',
  at: start,
} as const;
const exemption = {
  finding: idOf(volume()),
  reason: 'load test',
  owner: 'ana',
  expires: '2026-12-31',
  givenAt: '2026-10-05T00:00:00.000Z',
  lifted: null,
};
const failed = toRecord(observe({ at: 1, verdict: 'FAIL' }));

beforeEach(() => {
  dynamodb.reset();
  dynamodb.on(BatchGetItemCommand).resolves({});
  dynamodb.on(QueryCommand).resolves({});
  dynamodb.on(PutItemCommand).resolves({});
  dynamodb.on(TransactWriteItemsCommand).resolves({});
});

function there(item: Item): void {
  dynamodb.on(BatchGetItemCommand).resolves({ Responses: { state: [item] } });
  dynamodb.on(QueryCommand).resolves({ Items: [item] });
}

function entryItem(): Item {
  const entry = withRecords(undefined, [failed], start);
  if (entry === undefined) throw new Error('a failure makes an entry');
  return toItem(entry, start);
}

const readers: readonly [string, () => Item, () => Promise<unknown>][] = [
  ['an entry', entryItem, () => new DynamoStateTable(options).record([failed])],
  [
    'what is remembered of a key',
    () => marshall({ pk: 'trailseal/kms-key-deletion/k', sk: memo.kind, value: memo.value, at: memo.at }),
    () => new DynamoMemory(options).recall(memo.kind, memo.control, key),
  ],
  [
    'an exemption',
    () => marshall({ pk: 'exemptions/111122223333/eu-central-1', sk: exemption.finding }),
    () => new DynamoExemptions({ ...options, accountRegion }).all(),
  ],
];

describe('of a newer format', () => {
  it.each(readers)('%s stops its reader, who says what to do', async (_what, item, read) => {
    there({ ...item(), ...newer });
    const failure: unknown = await read().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StateTableError);
    expect(failure).toMatchObject({
      trouble: 'newer-format',
      message: expect.stringMatching(/has format version 2, .* up to 1: .* Deploy the newest version/),
    });
  });

  it('an exemption is no fault of the message that meets it, which waits until it can be read', async () => {
    there({ pk: { S: 'exemptions/111122223333/eu-central-1' }, ...newer });
    const reading = new DynamoExemptions({ ...options, accountRegion }).all();
    await expect(reading).rejects.toSatisfy((error) => !isRefusal(error));
  });

  it('an entry is not written over', async () => {
    there({ ...entryItem(), ...newer });
    await new DynamoStateTable(options).record([failed]).catch(() => undefined);
    expect(dynamodb.commandCalls(TransactWriteItemsCommand)).toEqual([]);
  });

  it('an exemption is not written over', async () => {
    const item = { pk: { S: 'exemptions/111122223333/eu-central-1' }, ...newer };
    const refusal = { $metadata: {}, message: 'the condition failed', Item: item };
    dynamodb.on(PutItemCommand).rejects(new ConditionalCheckFailedException(refusal));
    const giving = new DynamoExemptions({ ...options, accountRegion }).give(exemption);
    await expect(giving).rejects.toMatchObject({ trouble: 'newer-format' });
  });
});

describe('the format version', () => {
  const expected = { formatVersion: { N: String(formatVersion) } };

  it('is in each entry that is written', async () => {
    await new DynamoStateTable(options).record([failed]);
    const [call] = dynamodb.commandCalls(TransactWriteItemsCommand);
    expect(call?.args[0].input.TransactItems?.[0]?.Put?.Item).toMatchObject(expected);
  });

  it.each([
    ['what is remembered', () => new DynamoMemory(options).remember([memo])],
    ['each exemption', () => new DynamoExemptions({ ...options, accountRegion }).give(exemption)],
  ])('is in %s', async (_what, write) => {
    await write();
    expect(dynamodb.commandCalls(PutItemCommand)[0]?.args[0].input.Item).toMatchObject(expected);
  });

  it('does not keep an entry from being read', async () => {
    there(entryItem());
    const entries = await new DynamoStateTable(options).read([idOf(volume())]);
    expect([...entries.keys()].map(keyOf)).toEqual([keyOf(idOf(volume()))]);
  });
});
