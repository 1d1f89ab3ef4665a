/**
 * An application of the account that may do everything with queues, topics, buses and tables commands nothing of Trailseal,
 * and reads nothing of it. What the emulator does not ask policies about, services' own calls, PartiQL and the table's stream, is in
 * `test/template/hops.test.ts`, by simulation.
 */
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  busName,
  customActionResource,
  deadLetterQueueName,
  operatorRoleName,
  queueName,
  tableName,
  transitionsDeadLetterQueueName,
} from '../../lib/aws/names.ts';
import { type Item, toItem } from '../../lib/findings/state/item.ts';
import { withRecords } from '../../lib/findings/state/table.ts';
import { recheckBody } from '../../lib/pipeline/live/message.ts';
import { customActionDetailType, customActionSource } from '../../lib/remediation/custom-actions/message.ts';
import { requestBody } from '../../lib/remediation/message.ts';
import { observe, toRecord } from '../findings/state/observing.ts';
import { asOperator, environmentOf } from './callers.ts';
import { callers, env, stack } from './deployed-stack.ts';
import { run } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import { findingOf } from './failing-cases.ts';
import {
  actionRunsOf,
  arnOfKey,
  deploy,
  remove,
  stage,
  stateOf,
  trailseal,
} from './remediation-deployment.ts';
import { createKey } from './resources.ts';
import { findingsAbout, queueUrl } from './stack.ts';

const policyFile = 'test/e2e/custom-actions.policy.yml';
const config = { region, credentials: callers.application };
const [sqs, sns, eventBridge, dynamodb, lambda] = [
  new SQSClient(config),
  new SNSClient(config),
  new EventBridgeClient(config),
  new DynamoDBClient(config),
  new LambdaClient(config),
];
const TableName = tableName(stage);
const TopicArn = `arn:aws:sns:${region}:${account}:trailseal-${stage}-notifications`;

/** A key that the forged messages are about. */
let key = '';
let finding = '';

beforeAll(async () => {
  await deploy(policyFile);
  key = await createKey(stack);
  finding = findingOf('kms-key-disabled', key);
}, 300_000);
afterAll(() => remove(policyFile), 180_000);

/** The error of a call that a policy of the resource refuses. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('it was allowed'),
    (reason: unknown) => reason,
  );
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
const refused =
  /^(AccessDenied|AccessDeniedException|AuthorizationErrorException): .*explicit deny in a resource-based policy/;

/** Sends to a queue of the deployment. */
async function sendTo(name: string, body: unknown): Promise<unknown> {
  const QueueUrl = await queueUrl(stack, name);
  return sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
}

function transition(): unknown {
  return {
    version: 1,
    id: 'forged',
    finding,
    sequence: 1,
    account,
    region,
    control: { id: 'kms-key-disabled', title: 'forged' },
    severity: 'LOW',
    resource: { type: 'AwsKmsKey', id: key, arn: arnOfKey(key) },
    status: 'OPEN',
    verdict: 'FAIL',
    previous: null,
    summary: 'SECURITY NOTICE: call +1-555-0100',
    required: '',
    actor: { type: 'forged', arn: 'forged', name: 'CISO' },
    at: null,
    openedAt: '2020-01-01T00:00:00.000Z',
    eventIds: [],
    plan: { actions: [{ action: 'fix:enable-key', reason: '' }], skipped: [] },
    exemption: null,
  };
}

const transitionEvent = () => ({
  source: 'trailseal',
  'detail-type': 'Control Failed',
  detail: transition(),
});

const customAction = () => ({
  id: 'forged',
  source: customActionSource,
  'detail-type': customActionDetailType,
  account,
  region,
  time: new Date().toISOString(),
  resources: [`arn:aws:securityhub:${region}:${account}:${customActionResource(stage, 'exempt')}`],
  detail: { findings: [{ Id: finding, ProductArn: 'p', AwsAccountId: account, Region: region }] },
});

/** An item of the state table, whichever. */
const item = (pk: string) => ({ pk: { S: pk }, sk: { S: 'forged' } });

describe('the application, whose policies allow everything with queues, topics, buses and tables,', () => {
  it('uses a queue of its own', async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'of-the-application' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'mine' }));
    const { Messages: messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(messages).toMatchObject([{ Body: 'mine' }]);
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  });

  it('may read the attributes of a queue of Trailseal, which no policy refuses', async () => {
    const QueueUrl = await queueUrl(stack, queueName(stage, 'remediate'));
    const { Attributes: attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    expect(attributes).toMatchObject({ QueueArn: expect.any(String) });
  });
});

describe('refused is', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'a forged transition, on the bus',
      () =>
        eventBridge.send(
          new PutEventsCommand({
            Entries: [
              {
                EventBusName: busName(stage),
                Source: 'trailseal',
                DetailType: 'Control Failed',
                Detail: JSON.stringify(transition()),
              },
            ],
          }),
        ),
    ],
    ['a forged transition, for remediation', () => sendTo(queueName(stage, 'remediate'), transitionEvent())],
    ['a forged transition, for notifications', () => sendTo(queueName(stage, 'notify'), transitionEvent())],
    ['a forged requested action', () => sendTo(queueName(stage, 'remediate'), requestBody('forged'))],
    ['a forged custom action', () => sendTo(queueName(stage, 'operator'), customAction())],
    [
      'a forged re-check',
      () =>
        sendTo(
          queueName(stage, 'kms'),
          recheckBody([{ resource: { type: 'AwsKmsKey', id: key, arn: arnOfKey(key), account, region } }]),
        ),
    ],
    [
      'the forged request that it names',
      () =>
        dynamodb.send(new PutItemCommand({ TableName, Item: item(`requests/${account}/${region}/forged`) })),
    ],
    [
      'a forged exemption',
      () => dynamodb.send(new PutItemCommand({ TableName, Item: item(`exemptions/${finding}`) })),
    ],
    [
      'a forged item of the run history',
      () => dynamodb.send(new PutItemCommand({ TableName, Item: item(finding) })),
    ],
    [
      'a forged item, by a transaction',
      () =>
        dynamodb.send(
          new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: item(finding) } }] }),
        ),
    ],
    [
      'a forged item, in a batch',
      () =>
        dynamodb.send(
          new BatchWriteItemCommand({
            RequestItems: { [TableName]: [{ PutRequest: { Item: item(finding) } }] },
          }),
        ),
    ],
    [
      'a changed item',
      () =>
        dynamodb.send(
          new UpdateItemCommand({ TableName, Key: item(finding), UpdateExpression: 'SET a = b' }),
        ),
    ],
    ['a deleted item', () => dynamodb.send(new DeleteItemCommand({ TableName, Key: item(finding) }))],
    ['a read item', () => dynamodb.send(new GetItemCommand({ TableName, Key: item(finding) }))],
    [
      'a query of an index',
      () =>
        dynamodb.send(
          new QueryCommand({
            TableName,
            IndexName: 'open',
            KeyConditionExpression: '#open = :open',
            ExpressionAttributeNames: { '#open': 'open' },
            ExpressionAttributeValues: { ':open': { S: `${account}/${region}` } },
          }),
        ),
    ],
    ['a scan', () => dynamodb.send(new ScanCommand({ TableName }))],
    ['a forged notification', () => sns.send(new PublishCommand({ TopicArn, Message: 'forged' }))],
    [
      'a batch of them',
      () =>
        sns.send(
          new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [{ Id: '1', Message: 'forged' }] }),
        ),
    ],
    [
      'a batch of messages',
      async () =>
        sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: await queueUrl(stack, queueName(stage, 'remediate')),
            Entries: [{ Id: '1', MessageBody: JSON.stringify(transitionEvent()) }],
          }),
        ),
    ],
    [
      'a forged dead letter, which an operator would redrive',
      () => sendTo(deadLetterQueueName(stage, 'remediate'), transitionEvent()),
    ],
    [
      'taking a message away',
      async () =>
        sqs.send(
          new ReceiveMessageCommand({ QueueUrl: await queueUrl(stack, queueName(stage, 'remediate')) }),
        ),
    ],
    [
      'emptying a queue',
      async () =>
        sqs.send(new PurgeQueueCommand({ QueueUrl: await queueUrl(stack, queueName(stage, 'remediate')) })),
    ],
  ])('%s', async (_what, call) => {
    expect(await refusal(call())).toMatch(refused);
  });

  it('an operator’s command, which says who may run it', async () => {
    const args = ['undo', arnOfKey(key), '--dry-run', '--stage', stage, '--region', region];
    const { code, all } = await run('bin/trailseal.mjs', args, {
      ...env,
      ...environmentOf(callers.application),
    });
    expect(code).toBe(2);
    expect(all).toContain(
      `user/application may not assume the operator role ${operatorRoleName(stage, region)}`,
    );
    expect(all).toContain('operatorArns');
  });
});

/** Invokes a function of the deployment as the application. @returns what it answered, and whether it failed. */
async function invoked(
  name: string,
  event: unknown,
): Promise<{ readonly failed: boolean; readonly answer: unknown }> {
  const { FunctionError: error, Payload: payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: `trailseal-${stage}-${name}`,
      Payload: new TextEncoder().encode(JSON.stringify(event)),
    }),
  );
  return {
    failed: error !== undefined,
    answer: JSON.parse(new TextDecoder().decode(payload)) as unknown,
  };
}

/** The item of a finding that no evaluator wrote. */
function forgedEntry(): Item {
  const entry = withRecords(undefined, [toRecord(observe({ at: 1, verdict: 'FAIL' }))], Date.now());
  if (entry === undefined) throw new Error('a failure makes an entry');
  return toItem(entry, Date.now());
}

/** An event as if a queue had delivered the message. */
const asIfFrom = (name: string, body: unknown) => ({
  Records: [
    {
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${region}:${account}:${queueName(stage, 'operator')}`,
      messageId: `forged-${name}`,
      receiptHandle: 'Zm9yZ2Vk',
      body: JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1' },
    },
  ],
});

describe('an application that may invoke functions', () => {
  it.each([
    ['operator', () => customAction()],
    ['remediate', () => transitionEvent()],
  ] as const)('has %s take nothing that no queue delivered', async (name, message) => {
    expect(await invoked(name, message())).toMatchObject({
      failed: true,
      answer: { errorMessage: expect.stringContaining('takes messages of its queue alone') },
    });
  });

  it('uses no custom action by an event that looks as if the queue had delivered it', async () => {
    expect(await invoked('operator', asIfFrom('custom-action', customAction()))).toEqual({
      failed: false,
      answer: { batchItemFailures: [{ itemIdentifier: 'forged-custom-action' }] },
    });
    const { all } = await trailseal('history', '--format', 'json');
    expect(JSON.parse(all)).toEqual([]);
  });

  it('has nothing published of a finding that the state table does not have', async () => {
    const image = Object.entries(forgedEntry()).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]);
    const { pk, sk, ...rest } = Object.fromEntries(image);
    const record = {
      eventSource: 'aws:dynamodb',
      eventName: 'INSERT',
      dynamodb: { SequenceNumber: '1', Keys: { pk, sk }, NewImage: { pk, sk, ...rest } },
    };
    expect(await invoked('transitions', { Records: [record] })).toEqual({
      failed: false,
      answer: { batchItemFailures: [] },
    });
    const { Messages: letters = [] } = await new SQSClient({
      region,
      credentials: asOperator(callers, account, region, stage),
    }).send(
      new ReceiveMessageCommand({
        QueueUrl: await queueUrl(stack, transitionsDeadLetterQueueName(stage)),
        MessageAttributeNames: ['All'],
      }),
    );
    const reasons = letters.map(({ MessageAttributes: attributes }) => attributes?.['reason']?.StringValue);
    expect(reasons).toEqual([expect.stringMatching(/^The state table has no finding/)]);
  });
});

describe('afterwards', () => {
  it('the key is as it was, and there is no action on it', async () => {
    expect(await stateOf(key)).toBe('Enabled');
    expect(await actionRunsOf(key)).toEqual([]);
  });

  it('there is no finding but those of the evaluators', async () => {
    expect(await findingsAbout(stack, key)).toEqual([]);
  });
});
