/** A deployment with a policy of its own, beside the one of the other tests, and how the tests observe it. */
import { randomUUID } from 'node:crypto';
import { DescribeKeyCommand, DisableKeyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { queueName, scheduleGroupName } from '../../lib/aws/names.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { asOperator, operatorParameter } from './callers.ts';
import { callers, env, eventually, operatorEnv, stack } from './deployed-stack.ts';
import { type Ran, run } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import { createKey } from './resources.ts';
import { depth, event, put, queueUrl } from './stack.ts';

export const stage = 'e2e-acting';

async function sls(command: string, policy: string): Promise<void> {
  const params = ['insights=false', 'retainState=false', operatorParameter(account), `policy=${policy}`];
  const args = [
    command,
    '--stage',
    stage,
    '--region',
    region,
    ...params.flatMap((param) => ['--param', param]),
  ];
  const { code, all } = await run('node_modules/osls/bin/serverless.js', args, env);
  if (code !== 0) throw new Error(`sls ${command} failed (${code}):\n${all}`);
}

/** @param policy the file's path. */
export const deploy = (policy: string) => sls('deploy', policy);
export const remove = (policy: string) => sls('remove', policy);

/** `trailseal COMMAND` for this deployment, as its operator runs it. */
export function trailseal(...args: readonly string[]): Promise<Ran> {
  return run('bin/trailseal.mjs', [...args, '--stage', stage, '--region', region], operatorEnv);
}

/**
 * The part of a scheduled scan that goes by the state table, and reminds remediation of open failures; all else that the
 * emulator holds belongs to other tests.
 */
export async function scheduledScan(): Promise<void> {
  const url = await queueUrl(stack, queueName(stage, 'scan'));
  const credentials = asOperator(callers, account, region, stage);
  await new SQSClient({ region, credentials }).send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: JSON.stringify(scheduledScanBody({ of: 'stateTable' })),
    }),
  );
}

export const arnOfKey = (id: string) => `arn:aws:kms:${region}:${account}:key/${id}`;

/** A key that somebody has just disabled, and its event. @returns its id. */
export async function disabledKey(): Promise<string> {
  const id = await createKey(stack);
  await disable(id);
  return id;
}

export async function disable(id: string): Promise<void> {
  await stack.kms.send(new DisableKeyCommand({ KeyId: id }));
  await putKeyEvent('fail-disabled', '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31', id);
}

/** Puts the event of a key that was enabled on the bus, as CloudTrail does: the emulator has none. */
export async function putEnabledEvent(id: string): Promise<void> {
  await putKeyEvent('pass-enabled', '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57', id);
}

async function putKeyEvent(sample: string, name: string, id: string): Promise<void> {
  await put(stack, [event(`kms-key-disabled/${sample}`, { [name]: id })]);
}

export async function stateOf(id: string): Promise<string | undefined> {
  return (await stack.kms.send(new DescribeKeyCommand({ KeyId: id }))).KeyMetadata?.KeyState;
}

export async function tagsOf(id: string): Promise<Readonly<Record<string, string>>> {
  const { Tags: tags = [] } = await stack.kms.send(new ListResourceTagsCommand({ KeyId: id }));
  return Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
}

/** Waits until every grace period has ended, and its actions have been handled. */
export async function gracePeriodsEnded(): Promise<void> {
  const scheduler = new SchedulerClient({ region });
  await eventually(async () => {
    const { Schedules = [] } = await scheduler.send(
      new ListSchedulesCommand({ GroupName: scheduleGroupName(stage) }),
    );
    expect(Schedules.map(({ Name }) => Name)).toEqual([]);
    expect(await depth(stack, queueName(stage, 'remediate'))).toBe(0);
  }, 80_000);
}

/** The action runs of a resource, from the run history. */
export async function actionRunsOf(id: string): Promise<readonly unknown[]> {
  const { out } = await trailseal('history', '--since', '1 hour', '--format', 'json');
  return list(JSON.parse(out)).filter((actionRun) => text(actionRun, 'resource', 'id') === id);
}

/** The actions that ran on a resource, each with its status. */
export async function statusesOf(id: string): Promise<readonly unknown[]> {
  return (await actionRunsOf(id))
    .map((actionRun) => [at(actionRun, 'action'), at(actionRun, 'status')])
    .toSorted();
}

/** Whether the circuit breaker of fixes is open, and how many more fixes a policy allows within the hour. */
export async function fixLimit(policy: string): Promise<{ readonly open: unknown; readonly left: number }> {
  const { out } = await trailseal('breaker', 'show', 'fix', '--policy', policy, '--format', 'json');
  const shown = at(JSON.parse(out), 'breakers', 0);
  const used = list(shown, 'usedInLastHour').reduce<number>((sum, one) => sum + Number(at(one, 'count')), 0);
  return { open: at(shown, 'open'), left: Number(at(shown, 'limits', 'total')) - used };
}

/** A queue that is subscribed to the topic of notifications. */
export interface Subscription {
  /** The notifications about a resource until now, by any part of its id. */
  of(id: string): Promise<readonly unknown[]>;
  /** The kinds of those about an action: `pending`, `done` and so on, in the order in which they came. */
  kinds(id: string, action: string): Promise<readonly unknown[]>;
  end(): Promise<void>;
}

export async function subscribe(): Promise<Subscription> {
  const topic = `arn:aws:sns:${region}:${account}:trailseal-${stage}-notifications`;
  const name = `notified-${randomUUID()}`;
  const queue = `arn:aws:sqs:${region}:${account}:${name}`;
  const bySns = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queue,
        Condition: { ArnEquals: { 'aws:SourceArn': topic } },
      },
    ],
  };
  const { QueueUrl } = await stack.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { Policy: JSON.stringify(bySns) } }),
  );
  await new SNSClient({ region }).send(
    new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queue }),
  );
  const messages: unknown[] = [];
  async function received(): Promise<readonly unknown[]> {
    const { Messages: batch = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    for (const { Body: body = '' } of batch) {
      messages.push(JSON.parse(text(JSON.parse(body), 'Message') ?? 'null'));
    }
    return messages;
  }
  const of = async (id: string) =>
    (await received()).filter((message) => JSON.stringify(message).includes(id));
  return {
    of,
    async kinds(id, action) {
      return (await of(id)).filter((one) => text(one, 'action') === action).map((one) => text(one, 'kind'));
    },
    async end() {
      await stack.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
}
