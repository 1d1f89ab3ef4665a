/** A deployment whose policy acts, beside the one of the other tests, and what it can be seen by. */
import { randomUUID } from 'node:crypto';
import { DescribeKeyCommand, DisableKeyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { queueName, scheduleGroupName } from '../../lib/aws/names.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { env, eventually, stack } from './account.ts';
import { type Ran, run } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import { createKey } from './resources.ts';
import { depth, event, put } from './stack.ts';

export const stage = 'e2e-acting';

async function sls(command: string, policy: string): Promise<void> {
  const params = ['insights=false', 'retainState=false', 'allowKeyPolicyWrites=true', `policy=${policy}`];
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

/** `trailseal COMMAND` for this deployment. */
export function trailseal(...args: readonly string[]): Promise<Ran> {
  return run('bin/trailseal.mjs', [...args, '--stage', stage, '--region', region], env);
}

export const arnOfKey = (id: string) => `arn:aws:kms:${region}:${account}:key/${id}`;

/** A key that somebody has just disabled, of which the event has been told. @returns its id. */
export async function disabledKey(): Promise<string> {
  const id = await createKey(stack);
  await disable(id);
  return id;
}

export async function disable(id: string): Promise<void> {
  await stack.kms.send(new DisableKeyCommand({ KeyId: id }));
  await tell('fail-disabled', '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31', id);
}

/** The event of its having been enabled, as CloudTrail tells it: the emulator has none. */
export async function tellEnabled(id: string): Promise<void> {
  await tell('pass-enabled', '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57', id);
}

async function tell(sample: string, name: string, id: string): Promise<void> {
  await put(stack, [event(`kms-key-disabled/${sample}`, { [name]: id })]);
}

export async function stateOf(id: string): Promise<string | undefined> {
  return (await stack.kms.send(new DescribeKeyCommand({ KeyId: id }))).KeyMetadata?.KeyState;
}

export async function tagsOf(id: string): Promise<Readonly<Record<string, string>>> {
  const { Tags: tags = [] } = await stack.kms.send(new ListResourceTagsCommand({ KeyId: id }));
  return Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
}

/** Waits until no grace period is left that may end, and what its end brings about has been done. */
export async function graceIsOver(): Promise<void> {
  const scheduler = new SchedulerClient({ region });
  await eventually(async () => {
    const { Schedules = [] } = await scheduler.send(
      new ListSchedulesCommand({ GroupName: scheduleGroupName(stage) }),
    );
    expect(Schedules.map(({ Name }) => Name)).toEqual([]);
    expect(await depth(stack, queueName(stage, 'remediate'))).toBe(0);
  }, 80_000);
}

/** What is in the journal about a resource. */
export async function actionRunsOf(id: string): Promise<readonly unknown[]> {
  const { out } = await trailseal('actionRuns', '--since', '1 hour', '--format', 'json');
  return list(JSON.parse(out)).filter((actionRun) => text(actionRun, 'resource', 'id') === id);
}

/** The actions in the journal for a resource, each with its status. */
export async function statusesOf(id: string): Promise<readonly unknown[]> {
  return (await actionRunsOf(id))
    .map((actionRun) => [at(actionRun, 'action'), at(actionRun, 'status')])
    .toSorted();
}

/** Whether fixes are stopped, and how many more a policy allows within the hour. */
export async function fixesOf(policy: string): Promise<{ readonly open: unknown; readonly left: number }> {
  const { out } = await trailseal('breaker', 'show', 'fix', '--policy', policy, '--format', 'json');
  const shown = at(JSON.parse(out), 'breakers', 0);
  const used = list(shown, 'usedInLastHour').reduce<number>((sum, one) => sum + Number(at(one, 'count')), 0);
  return { open: at(shown, 'open'), left: Number(at(shown, 'limits', 'total')) - used };
}

/** A queue that is subscribed to the topic of notifications. */
export interface Subscription {
  /** All that the topic has told since then of a resource, by any part of its id. */
  of(id: string): Promise<readonly unknown[]>;
  /** What that was about an action: `pending`, `done` and so on, in the order in which it came. */
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
  async function told(): Promise<readonly unknown[]> {
    const { Messages: received = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    for (const { Body: body = '' } of received) {
      messages.push(JSON.parse(text(JSON.parse(body), 'Message') ?? 'null'));
    }
    return messages;
  }
  const of = async (id: string) => (await told()).filter((message) => JSON.stringify(message).includes(id));
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
