/**
 * `trailseal doctor` and `trailseal custom-actions sync` on a deployment with actions, made in moto. Denials, which moto
 * does not make, and subscriptions, which it does not count, are tested in `test/cli/doctor-actions.test.ts`.
 */

import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPolicy } from '../../cli/policy/file.ts';
import {
  busName,
  customActionResource,
  deadLetterQueueName,
  functionName,
  killSwitchName,
  type ListenerName,
  listenerNames,
  listenerRuleName,
  queueName,
  revertingCallsRuleName,
  tableName,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
} from '../../lib/aws/names.ts';
import { customActionNames } from '../../lib/core/custom-action.ts';
import { table } from '../../lib/findings/state/schema.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import { revertingCallsPattern } from '../../lib/remediation/reverting-calls.ts';
import { controls, evaluatorOf } from '../../lib/services/catalogue.ts';
import { type Emulator, startMoto } from '../../scripts/emulators.ts';
import { put, workFolder } from '../cli/command.ts';
import { trailsealAt } from './command.ts';
import { type CustomActionsServer, startCustomActions } from './custom-actions-server.ts';

const account = '123456789012';
const region = 'eu-west-1';
const stage = 'dev';
const policy = put(
  workFolder(),
  'policy.yml',
  `version: 1
controls:
  ec2-transit-encryption:
    actions: [notify, quarantine]
operators:
  customActions: [quarantine, fix:enable-key, undo, re-check, exempt]
`,
);

let moto: Emulator;
let hub: CustomActionsServer;
let topic = '';

function client<C>(Client: new (config: object) => C): C {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new Client({ region, endpoint: moto.endpoint, credentials });
}

function sqsArn(name: string): string {
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

async function makeFunction(FunctionName: string, EventSourceArn: string, variables = {}): Promise<void> {
  const lambda = client(LambdaClient);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: `arn:aws:iam::${account}:role/function`,
      Code: { ZipFile: Buffer.from('PK') },
      Environment: { Variables: variables },
    }),
  );
  await lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, StartingPosition: 'LATEST' }),
  );
}

async function makeQueues(...names: readonly string[]): Promise<void> {
  for (const QueueName of names) await client(SQSClient).send(new CreateQueueCommand({ QueueName }));
}

async function makeRule(
  name: ListenerName,
  pattern: object,
  EventBusName?: string,
  Name = listenerRuleName(stage, name),
): Promise<void> {
  const events = client(EventBridgeClient);
  await events.send(new PutRuleCommand({ Name, EventBusName, EventPattern: JSON.stringify(pattern) }));
  const DeadLetterConfig = { Arn: sqsArn(deadLetterQueueName(stage, name)) };
  const target = { Id: 'queue', Arn: sqsArn(queueName(stage, name)), DeadLetterConfig };
  await events.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets: [target] }));
}

/** @returns the ARN of its stream. */
async function makeStateTable(): Promise<string> {
  const dynamodb = client(DynamoDBClient);
  const TableName = tableName(stage);
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [...table.KeySchema],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  return Table?.LatestStreamArn ?? '';
}

async function setKillSwitch(Value: string): Promise<void> {
  const Name = killSwitchName(stage);
  await client(SSMClient).send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
}

/** The pattern of the calls that revert the policy's actions, for the controls of the one evaluator. */
function reverting(): EventPattern {
  const own = controls.filter((control) => evaluatorOf(control) === 'ec2');
  const pattern = revertingCallsPattern(readPolicy(policy, controls).policy, own);
  if (pattern === undefined) throw new Error('no action of the policy declares calls that revert it');
  return pattern;
}

async function makeReverting(pattern: object): Promise<void> {
  await makeRule('remediate', pattern, undefined, revertingCallsRuleName(stage));
}

/** The parts for actions, and one evaluator, so that there is a deployment. */
beforeAll(async () => {
  moto = await startMoto();
  hub = await startCustomActions(account, region);
  process.env['AWS_ENDPOINT_URL_SECURITYHUB'] = hub.endpoint;
  await client(IAMClient).send(
    new CreateRoleCommand({ RoleName: 'function', AssumeRolePolicyDocument: '{}' }),
  );
  const stream = await makeStateTable();
  await client(EventBridgeClient).send(new CreateEventBusCommand({ Name: busName(stage) }));
  ({ TopicArn: topic = '' } = await client(SNSClient).send(
    new CreateTopicCommand({ Name: 'trailseal-dev-notifications' }),
  ));
  await makeQueues(queueName(stage, 'ec2'), queueName(stage, 'scan'), transitionsDeadLetterQueueName(stage));
  await makeFunction(functionName(stage, 'ec2'), sqsArn(queueName(stage, 'ec2')));
  await makeFunction(transitionsFunctionName(stage), stream);
  for (const name of listenerNames) {
    await makeQueues(queueName(stage, name), deadLetterQueueName(stage, name));
    await makeFunction(functionName(stage, name), sqsArn(queueName(stage, name)), {
      TRAILSEAL_TOPIC_TEXT: topic,
    });
    await makeRule(name, { source: ['trailseal'] }, busName(stage));
  }
  const resources = customActionNames.map(
    (customAction) => `arn:aws:securityhub:${region}:${account}:${customActionResource(stage, customAction)}`,
  );
  await makeRule('operator', { source: ['aws.securityhub'], resources });
  await makeReverting(reverting());
  await setKillSwitch('disengaged');
});
afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_SECURITYHUB'];
  await hub.stop();
  await moto.stop();
});

/** The status of each check of the parts for actions, by id. */
async function actionChecks(): Promise<Readonly<Record<string, string>>> {
  const args = ['doctor', '--region', region, '--policy', policy, '--format', 'json'];
  const { stdout, stderr } = await trailsealAt(moto.endpoint, args);
  expect(stderr).toBe('');
  const { checks } = JSON.parse(stdout) as { checks: readonly { id: string; status: string }[] };
  const about = new RegExp(
    `^(bus|kill-switch|breakers?|notifications|custom-actions)\\b|/(transitions|${listenerNames.join('|')})\\b`,
  );
  return Object.fromEntries(checks.filter(({ id }) => about.test(id)).map(({ id, status }) => [id, status]));
}

describe('a deployment with actions', () => {
  it('has no custom actions and notifies nobody at first', async () => {
    expect(await actionChecks()).toEqual({
      bus: 'ok',
      'function/transitions': 'ok',
      'dead-letters/transitions': 'ok',
      'rule/remediate': 'ok',
      'rule/remediate/reverting-calls': 'ok',
      'function/remediate': 'ok',
      'queue/remediate': 'ok',
      'dead-letters/remediate': 'ok',
      'rule/notify': 'ok',
      'function/notify': 'ok',
      'queue/notify': 'ok',
      'dead-letters/notify': 'ok',
      'rule/operator': 'ok',
      'rule/operator/results': 'ok',
      'function/operator': 'ok',
      'queue/operator': 'ok',
      'dead-letters/operator': 'ok',
      'kill-switch': 'ok',
      breakers: 'ok',
      notifications: 'warn',
      'custom-actions': 'fail',
    });
  });

  it('whose rule of calls that revert actions was narrowed is a failure', async () => {
    const { detail, ...pattern } = reverting();
    await makeReverting({ ...pattern, detail: { ...detail, eventName: ['ModifyInstanceAttribute'] } });
    expect((await actionChecks())['rule/remediate/reverting-calls']).toBe('fail');
    await makeReverting(reverting());
    expect((await actionChecks())['rule/remediate/reverting-calls']).toBe('ok');
  });

  it('has its custom actions after a sync', async () => {
    await trailsealAt(moto.endpoint, [
      'custom-actions',
      'sync',
      '--stage',
      stage,
      '--region',
      region,
      '--policy',
      policy,
    ]);
    expect(Object.entries(await actionChecks()).filter(([, status]) => status !== 'ok')).toEqual([
      ['notifications', 'warn'],
    ]);
  });

  it('that is stopped is a warning, and messages in its DLQ are a failure', async () => {
    await setKillSwitch('engaged');
    const limits = {
      pk: 'limits/quarantine',
      sk: 'limits',
      version: 1,
      formatVersion: 1,
      runs: [],
      breaker: { since: 1, because: 'x' },
    };
    await client(DynamoDBClient).send(
      new PutItemCommand({ TableName: tableName(stage), Item: marshall(limits) }),
    );
    const sqs = client(SQSClient);
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: deadLetterQueueName(stage, 'operator') }),
    );
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    expect(Object.entries(await actionChecks()).filter(([, status]) => status !== 'ok')).toEqual([
      ['dead-letters/operator', 'fail'],
      ['kill-switch', 'warn'],
      ['breaker/quarantine', 'warn'],
      ['notifications', 'warn'],
    ]);
  });
});
