/** Fixture: the evaluator's function as Lambda has it, with mocked clients, for which each key is disabled. */
import { BatchGetItemCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, vi } from 'vitest';
import { evaluatorHandler } from '../../../functions/evaluator.ts';

export const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:us-east-1:111122223333:key/${keyId}`;
export const queue = 'https://sqs.us-east-1.amazonaws.com/111122223333/trailseal-dev-kms';

export const dynamodb = mockClient(DynamoDBClient);
export const kms = mockClient(KMSClient);
export const securityHub = mockClient(SecurityHubClient);
export const sqs = mockClient(SQSClient);

const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  TRAILSEAL_TABLE: 'stateTable',
  TRAILSEAL_QUEUE_URL: queue,
  TRAILSEAL_DEAD_LETTER_URL: `${queue}-dead-letters`,
  POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
};

/**
 * Sets the function up before each test of a file, and takes that away after it.
 * @param more environment variables beside those of every evaluator.
 * @returns what was written to stdout and stderr in this test.
 */
export function setUpFunction(more: Readonly<Record<string, string>> = {}): { readonly written: string } {
  const output = { written: '' };
  beforeEach(() => {
    output.written = '';
    for (const [name, value] of Object.entries({ ...variables, ...more })) vi.stubEnv(name, value);
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        output.written += String(chunk);
        return true;
      });
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
  return output;
}

/** The envelope of an event that disabled the key. */
export const disabled = {
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
export function fromSqs(bodies: Readonly<Record<string, unknown>>, receives = 1) {
  return {
    Records: Object.entries(bodies).map(([messageId, body]) => ({
      messageId,
      receiptHandle: `receipt of ${messageId}`,
      eventSource: 'aws:sqs',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: String(receives) },
    })),
  };
}

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

/** A function that starts now. */
export function started(): (event: unknown) => Promise<unknown> {
  const handler = evaluatorHandler('kms');
  return (event) => handler(event, context);
}
