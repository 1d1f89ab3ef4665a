/** The evaluator as Lambda calls it: what a queue is answered, and what whoever invokes it by hand. */
import { BatchGetItemCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluatorHandler } from '../../../functions/evaluator.ts';
import { deliveriesInAll } from '../../../lib/pipeline/live/redelivery.ts';

const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:us-east-1:111122223333:key/${keyId}`;
const queue = 'https://sqs.us-east-1.amazonaws.com/111122223333/trailseal-dev-kms';
const [dynamodb, kms, securityHub, sqs] = [
  mockClient(DynamoDBClient),
  mockClient(KMSClient),
  mockClient(SecurityHubClient),
  mockClient(SQSClient),
];
const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  TRAILSEAL_TABLE: 'stateTable',
  TRAILSEAL_QUEUE_URL: queue,
  TRAILSEAL_DEAD_LETTER_URL: `${queue}-dead-letters`,
  POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
};

beforeEach(() => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(() => true);
  }
  for (const mock of [dynamodb, kms, securityHub, sqs]) mock.reset();
  dynamodb.on(BatchGetItemCommand).resolves({ Responses: {} });
  dynamodb.on(TransactWriteItemsCommand).resolves({});
  kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: keyId, Arn: arn, KeyState: 'Disabled' } });
  securityHub
    .on(BatchImportFindingsCommand)
    .resolves({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] });
  sqs.on(SendMessageCommand).resolves({});
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const disabled = {
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.kms',
  detail: {
    eventSource: 'kms.amazonaws.com',
    eventName: 'DisableKey',
    eventID: 'event-1',
    eventTime: '2026-03-01T12:00:00Z',
    awsRegion: 'us-east-1',
    recipientAccountId: '111122223333',
    resources: [{ ARN: arn }],
  },
};

/** What SQS delivers: messages by their ids. */
function fromSqs(bodies: Readonly<Record<string, unknown>>, receives = 1) {
  return {
    Records: Object.entries(bodies).map(([messageId, body]) => ({
      messageId,
      eventSource: 'aws:sqs',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: String(receives) },
    })),
  };
}

async function invoke(event: unknown): Promise<unknown> {
  const handler = evaluatorHandler('kms');
  const context: Context = {
    awsRequestId: 'request',
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'trailseal-dev-kms',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:trailseal-dev-kms',
    logGroupName: 'group',
    logStreamName: 'stream',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => 120_000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
  return handler(event, context);
}

describe('the evaluator’s function', () => {
  it('returns the result of a bare envelope', async () => {
    expect(await invoke(disabled)).toMatchObject([
      { results: [{ control: 'kms-key-disabled', resource: keyId, outcome: 'FAIL' }] },
    ]);
  });

  it('rejects a bare envelope that fails, with the reason', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    await expect(invoke(disabled)).rejects.toThrow(/no such table/);
  });

  it('returns no failures to a queue when all is handled, including messages sent to the DLQ', async () => {
    expect(await invoke(fromSqs({ one: disabled, two: 'no JSON' }))).toEqual({ batchItemFailures: [] });
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter).toMatchObject({
      QueueUrl: `${queue}-dead-letters`,
      MessageBody: 'no JSON',
      MessageAttributes: { reason: { StringValue: expect.stringMatching(/^it is no JSON/) } },
    });
  });

  it('has the queue deliver only failed messages again', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    expect(await invoke(fromSqs({ one: disabled, two: 'no JSON' }))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }],
    });
  });

  it('sends messages that failed too often to the DLQ, with the reason', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    expect(await invoke(fromSqs({ one: disabled }, deliveriesInAll))).toEqual({ batchItemFailures: [] });
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter?.MessageAttributes?.['reason']?.StringValue).toMatch(
      /^It failed 15 times, the last time with StateTableError: .*no such table/,
    );
  });
});
