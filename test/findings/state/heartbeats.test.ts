/** Signs of life as items of the state table. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { DynamoHeartbeats } from '../../../lib/findings/state/heartbeats.ts';

const accountRegion = { account: '111122223333', region: 'eu-central-1' };
const pk = 'heartbeats/111122223333/eu-central-1';
const at = Date.parse('2026-11-30T22:00:00Z');

const dynamodb = mockClient(DynamoDBClient);
beforeEach(() => dynamodb.reset());

const heartbeats = new DynamoHeartbeats({
  client: new DynamoDBClient({ region: accountRegion.region }),
  table: 'table',
  accountRegion,
});

const puts = () => dynamodb.commandCalls(PutItemCommand).map(({ args: [{ input }] }) => input);
const written = () => puts().map(({ Item = {} }) => unmarshall(Item));

function holds(...items: readonly Readonly<Record<string, unknown>>[]) {
  dynamodb
    .on(QueryCommand)
    .resolves({ Items: items.map((item) => marshall({ pk, formatVersion: 1, at, ...item })) });
}

describe('signs of life', () => {
  it('are none in a new deployment', async () => {
    dynamodb.on(QueryCommand).resolves({});
    expect(await heartbeats.all()).toEqual({
      scan: undefined,
      parts: new Map(),
      canaries: new Map(),
      alarm: undefined,
    });
  });

  it('are read as they were written', async () => {
    dynamodb.on(PutItemCommand).resolves({});
    const canary = { nonce: 'n', sentAt: at };
    await heartbeats.scanBegan(['AwsKmsKey', 'stateTable'], at);
    await heartbeats.partDone('AwsKmsKey', at + 1);
    await heartbeats.alarmSays('Silent: 1 part.', at);
    await heartbeats.canarySent('ec2', canary, true);
    await heartbeats.canarySent('kms', canary, false);
    await heartbeats.canaryReceived('kms', canary, at + 2);
    const last = new Map(written().map((item) => [item['sk'], item]));
    holds(...last.values());
    expect(await heartbeats.all()).toEqual({
      scan: expect.objectContaining({ at, parts: ['AwsKmsKey', 'stateTable'] }),
      parts: new Map([
        ['AwsKmsKey', at + 1],
        ['stateTable', at],
      ]),
      canaries: new Map([
        ['ec2', { ...canary, receivedAt: undefined, missed: true }],
        ['kms', { ...canary, receivedAt: at + 2, missed: false }],
      ]),
      alarm: 'Silent: 1 part.',
    });
  });

  it('are of one account and Region, and forgotten after 120 days', async () => {
    dynamodb.on(PutItemCommand).resolves({});
    await heartbeats.partDone('stateTable', at);
    expect(written()).toMatchObject([{ pk, sk: 'part/stateTable', expires: at / 1_000 + 120 * 86_400 }]);
  });

  it('of a part that began do not replace when it was done last', async () => {
    dynamodb.on(PutItemCommand).resolves({});
    await heartbeats.scanBegan(['stateTable'], at);
    expect(puts().map(({ Item = {}, ConditionExpression: only }) => [Item['sk']?.S, only])).toEqual([
      ['part/stateTable', 'attribute_not_exists(pk)'],
      ['scan', undefined],
    ]);
  });
});

describe('a canary', () => {
  it('counts as received only where it is the one that was sent last, for the first time', async () => {
    dynamodb
      .on(PutItemCommand)
      .rejects(
        new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} }),
      );
    expect(await heartbeats.canaryReceived('kms', { nonce: 'forged', sentAt: at }, at)).toBe(false);
    expect(puts()).toMatchObject([
      {
        ConditionExpression: 'nonce = :nonce AND attribute_not_exists(receivedAt)',
        ExpressionAttributeValues: { ':nonce': { S: 'forged' } },
      },
    ]);
  });

  it('is delivered again where the table refuses the record', async () => {
    dynamodb.on(PutItemCommand).rejects(new Error('No'));
    await expect(heartbeats.canaryReceived('kms', { nonce: 'n', sentAt: at }, at)).rejects.toThrow(
      StateTableError,
    );
  });
});

describe('an item', () => {
  it('that is damaged is an error that names it', async () => {
    holds({ sk: 'canary/kms', nonce: 7 });
    await expect(heartbeats.all()).rejects.toThrow(/sk "canary\/kms"\) can't be read: it is damaged/);
  });

  it('of a newer format stops with an error that says so', async () => {
    holds({ sk: 'scan', formatVersion: 2, parts: [] });
    await expect(heartbeats.all()).rejects.toMatchObject({ trouble: 'newer-format' });
  });
});
