/** A deployment whose policy acts, beside the one of the other tests, and what it can be seen by. */
import { randomUUID } from 'node:crypto';
import { DescribeKeyCommand, DisableKeyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { text } from '../../lib/json.ts';
import { type Ran, run } from './deployment.ts';
import { account, region } from './emulated-aws.ts';
import { env, stack } from './here.ts';
import { createKey } from './resources.ts';
import { event, put } from './stack.ts';

export const stage = 'e2e-acting';

async function sls(command: string): Promise<void> {
  const params = ['insights=false', 'keepLedger=false', 'policy=test/e2e/remediation.policy.yml'];
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

export const deploy = () => sls('deploy');
export const remove = () => sls('remove');

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

/** A queue that is subscribed to the topic of notifications. */
export interface Subscription {
  /** All that the topic has told since then. */
  told(): Promise<readonly unknown[]>;
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
  return {
    async told() {
      const { Messages: received = [] } = await stack.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
      for (const { Body: body = '' } of received) {
        messages.push(JSON.parse(text(JSON.parse(body), 'Message') ?? 'null'));
      }
      return messages;
    },
    async end() {
      await stack.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
}
