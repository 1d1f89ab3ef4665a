/**
 * The dead man's switch on the deployed stack. The emulators deliver no CloudTrail events: the test puts the event of the
 * canary's tag on the bus that CloudTrail would deliver. They run no schedule to the minute either: the test invokes the
 * watchdog.
 */
import { randomUUID } from 'node:crypto';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canaryTag, newCanary } from '../../lib/aws/canary.ts';
import {
  functionName,
  queueName,
  ruleName,
  silenceAlarmName,
  tableName,
  watchdogName,
} from '../../lib/aws/names.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { DynamoHeartbeats, heartbeatKeyPrefix } from '../../lib/findings/state/heartbeats.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { eventually, stack } from './deployed-stack.ts';
import { stage } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import { put, required, send } from './stack.ts';

const lambda = new LambdaClient({ region });
const dynamodb = new DynamoDBClient({ region });
const cloudWatch = new CloudWatchClient({ region });
const functionArn = `arn:aws:lambda:${region}:${account}:function:${watchdogName(stage)}`;
const heartbeats = new DynamoHeartbeats({
  client: dynamodb,
  table: tableName(stage),
  accountRegion: { account, region },
});

/** What one check found. */
async function checked() {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: watchdogName(stage) }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
  if (FunctionError !== undefined) throw new Error(`the watchdog failed: ${JSON.stringify(answer)}`);
  return {
    sent: at(answer, 'sent'),
    silent: list(answer, 'silent').map((one) => `${text(one, 'part')} ${text(one, 'because')}`),
  };
}

/** The alarm's text, which every notification of it carries. */
async function alarmText(): Promise<string> {
  const names = { AlarmNames: [silenceAlarmName(stage)] };
  const { MetricAlarms: [alarm] = [] } = await cloudWatch.send(new DescribeAlarmsCommand(names));
  return required(alarm?.AlarmDescription, 'the text of the alarm');
}

/** The value of the tag that the watchdog wrote. */
async function sentNonce(): Promise<string> {
  const { Tags: tags = {} } = await lambda.send(new ListTagsCommand({ Resource: functionArn }));
  return required(tags[canaryTag], 'the canary’s tag');
}

/** The event that CloudTrail would deliver of that call. */
const canaryEvent = (nonce: string) => ({
  source: 'aws.lambda',
  detailType: 'AWS API Call via CloudTrail',
  detail: {
    eventSource: 'lambda.amazonaws.com',
    eventName: 'TagResource20170331v2',
    awsRegion: region,
    requestParameters: { resource: functionArn, tags: { [canaryTag]: nonce } },
    responseElements: null,
  },
});

const received = async () =>
  [...(await heartbeats.all()).canaries]
    .filter(([, { receivedAt }]) => receivedAt !== undefined)
    .map(([name]) => name);

/** Moves a sign of life into the past, as no test waits for hours. */
async function age(sk: string, minutes: number, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await dynamodb.send(
    new PutItemCommand({
      TableName: tableName(stage),
      Item: {
        pk: { S: `${heartbeatKeyPrefix}${account}/${region}` },
        sk: { S: sk },
        formatVersion: { N: '1' },
        at: { N: String(Date.now() - minutes * 60_000) },
        ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, { S: String(value) }])),
        ...(sk === 'scan' ? { parts: { L: [{ S: 'stateTable' }] } } : {}),
      },
    }),
  );
}

/**
 * ministack asks for rules of the default bus by another ARN than AWS does (`rule/default/NAME`), and for the targets of a
 * rule by none, so that the role is allowed here to read all of them. What it may do in AWS is in test/template/watchdog.test.ts.
 */
async function letReadRules(): Promise<void> {
  const { Role = '' } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: watchdogName(stage) }),
  );
  allowed.RoleName = required(Role.split('/').at(-1), 'the role of the watchdog');
  await iam.send(
    new PutRolePolicyCommand({
      ...allowed,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['events:DescribeRule', 'events:ListTargetsByRule'], Resource: '*' },
        ],
      }),
    }),
  );
}

const iam = new IAMClient({ region });
const allowed = { RoleName: '', PolicyName: 'read-rules-of-ministack' };
let mapping = '';
beforeAll(async () => {
  await letReadRules();
  const { EventSourceMappings: [found] = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: functionName(stage, 'kms') }),
  );
  mapping = required(found?.UUID, 'the event source mapping of kms');
});
afterAll(async () => {
  // A role with a policy that the stack did not make could not be removed.
  await iam.send(new DeleteRolePolicyCommand(allowed));
  await stack.eventBridge.send(new EnableRuleCommand({ Name: ruleName(stage, 'kms') }));
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping, Enabled: true }));
});

describe('the watchdog', () => {
  it('finds nothing where all is well, and sends a canary that every evaluator receives', async () => {
    expect(await checked()).toEqual({ sent: true, silent: [] });
    expect(await received()).toEqual([]);
    const nonce = await sentNonce();
    // One that was never sent is ignored, wherever it comes from: it changes nothing of what is known of the real one.
    await put(stack, [canaryEvent(newCanary(Date.now(), randomUUID()).nonce), canaryEvent(nonce)]);
    await eventually(async () => expect((await received()).toSorted()).toEqual([...evaluators].toSorted()));
    const nonces = [...(await heartbeats.all()).canaries.values()].map((canary) => canary.nonce);
    expect(new Set(nonces)).toEqual(new Set([nonce]));
    expect(await checked()).toEqual({ sent: false, silent: [] });
    expect(await alarmText()).toMatch(/^Parts of Trailseal are silent: they are named here/);
  });

  it('names a disabled rule in the alarm, and takes it back when the rule is on again', async () => {
    const Name = ruleName(stage, 'kms');
    await stack.eventBridge.send(new DisableRuleCommand({ Name }));
    expect((await checked()).silent).toEqual([`the rule ${Name} is disabled`]);
    expect(await alarmText()).toBe(
      `Silent: 1 part. the rule ${Name} is disabled (aws events enable-rule --region ${region} --name ${Name})`,
    );
    await stack.eventBridge.send(new EnableRuleCommand({ Name }));
    expect((await checked()).silent).toEqual([]);
    expect(await alarmText()).toMatch(/^Parts of Trailseal are silent: they are named here/);
  });

  it('names a rule that is on, but whose pattern somebody narrowed, until it is as it was', async () => {
    const Name = ruleName(stage, 'kms');
    const { EventPattern = '', Description } = await stack.eventBridge.send(
      new DescribeRuleCommand({ Name }),
    );
    const narrowed = JSON.stringify({ ...JSON.parse(EventPattern), account: ['444455556666'] });
    const putting = async (pattern: string) => {
      await stack.eventBridge.send(new PutRuleCommand({ Name, Description, EventPattern: pattern }));
    };
    await putting(narrowed);
    try {
      expect((await checked()).silent).toEqual([
        `the rule ${Name} has another pattern than the stack deployed`,
      ]);
      expect(await alarmText()).toContain('revert it: docs/runbook.md');
    } finally {
      await putting(EventPattern);
    }
    expect((await checked()).silent).toEqual([]);
  });

  it('names a rule that is on, but fills the queue of this name in another account', async () => {
    const Rule = ruleName(stage, 'kms');
    const { Targets: [target] = [] } = await stack.eventBridge.send(new ListTargetsByRuleCommand({ Rule }));
    const own = required(target, 'the target of the rule');
    const elsewhere = required(own.Arn, 'its ARN').replace(account, '444455556666');
    await stack.eventBridge.send(new PutTargetsCommand({ Rule, Targets: [{ ...own, Arn: elsewhere }] }));
    try {
      expect((await checked()).silent).toEqual([
        `the rule ${Rule} does not fill the queue ${queueName(stage, 'kms')}, but ${elsewhere}`,
      ]);
    } finally {
      await stack.eventBridge.send(new PutTargetsCommand({ Rule, Targets: [own] }));
    }
    expect((await checked()).silent).toEqual([]);
  });

  it('names a function whose event source mapping is disabled', async () => {
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping, Enabled: false }));
    expect((await checked()).silent).toEqual([
      `the function ${functionName(stage, 'kms')} has a disabled event source mapping, so that it reads nothing`,
    ]);
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping, Enabled: true }));
    expect((await checked()).silent).toEqual([]);
  });

  it('names the evaluator that did not receive the canary within the hour', async () => {
    await age('canary/kms', 50, { nonce: 'lost' });
    expect((await checked()).silent).toEqual([
      expect.stringMatching(/^the evaluator kms did not receive the canary of 20/),
    ]);
    expect(await alarmText()).toContain('the evaluator kms did not receive the canary');
  });

  it('names the scheduled scan that did not run, until it has run', async () => {
    await age('scan', 8 * 60);
    expect((await checked()).silent).toContainEqual(
      expect.stringMatching(/^the scheduled scan last ran at 20/),
    );
    const started = Date.now();
    await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
    await eventually(async () => {
      const { scan, parts } = await heartbeats.all();
      expect(scan?.at).toBeGreaterThanOrEqual(started);
      expect(scan?.parts.length).toBeGreaterThan(1);
      expect(scan?.parts.filter((part) => (parts.get(part) ?? 0) < started)).toEqual([]);
    });
    expect((await checked()).silent).not.toContainEqual(expect.stringMatching(/^the scheduled scan/));
  });
});
