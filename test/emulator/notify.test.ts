/** Notifications through moto's SNS, read back from SQS queues that are subscribed to its topics. */
import {
  CreateTopicCommand,
  SetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { dynamodbClient, snsClient, ssmClient } from '../../lib/aws/sdk.ts';
import { at, text } from '../../lib/core/json.ts';
import { notify } from '../../lib/notifications/notify.ts';
import { topicTargets } from '../../lib/notifications/topics.ts';
import { secretReader } from '../../lib/notifications/webhook-endpoint.ts';
import type { Delivery } from '../../lib/pipeline/live/batch.ts';
import { storeEvent } from '../../lib/remediation/events/event-record.ts';
import { action, envelope, instance, transition } from '../notifications/events.ts';
import { published, stores } from '../notifications/published.ts';
import { makeTable } from './action-deps.ts';

const region = 'eu-central-1';
const config = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const endpoint = inject('moto');
// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL_SNS'] = endpoint;
process.env['AWS_ENDPOINT_URL_SSM'] = endpoint;
process.env['AWS_ENDPOINT_URL_DYNAMODB'] = endpoint;
const sns = new SNSClient({ ...config, endpoint });
const sqs = new SQSClient({ ...config, endpoint });

afterAll(() => {
  vi.unstubAllEnvs();
});

/** A queue subscribed to a topic, as SNS delivers to it. */
async function subscribed(topicArn: string, filter?: unknown): Promise<string> {
  const name = `notify-${Math.random().toString(36).slice(2)}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const { SubscriptionArn = '' } = await sns.send(
    new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes['QueueArn'] }),
  );
  if (filter !== undefined) {
    await sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn,
        AttributeName: 'FilterPolicy',
        AttributeValue: JSON.stringify(filter),
      }),
    );
  }
  return QueueUrl;
}

/** What SNS delivered: its own envelopes. */
async function received(queueUrl: string): Promise<readonly unknown[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body));
}

async function topicArn(): Promise<string> {
  const Name = `trailseal-${Math.random().toString(36).slice(2)}`;
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name }));
  return TopicArn;
}

/** Notifies topics of a batch; rejects when a topic did not accept a notification. */
async function notifyTopics(
  topics: Parameters<typeof topicTargets>[0],
  batch: readonly Delivery[],
): Promise<void> {
  const client = snsClient(config);
  const { unhandled } = await notify(
    batch,
    {},
    {
      targets: topicTargets(topics, () => client),
      published,
      adviceFor: () => undefined,
      stage: 'dev',
      retry: () => Promise.reject(new Error('not to be retried')),
      deadLetter: (_body, reason) => Promise.reject(new Error(reason)),
    },
  );
  for (const { error } of unhandled) throw error;
}

const failures: readonly Delivery[] = Array.from({ length: 30 }, (_, index) => ({
  id: `delivery-${index}`,
  body: stores(envelope(instance(index))),
  receives: 1,
}));

describe('a topic of text and one of chat', () => {
  let text_: string;
  let chat: string;
  let queues: { readonly text: string; readonly chat: string };

  beforeEach(async () => {
    [text_, chat] = [await topicArn(), await topicArn()];
    queues = { text: await subscribed(text_), chat: await subscribed(chat) };
    await notifyTopics({ text: text_, chat }, failures);
  });

  it('get 30 failures as one notification', async () => {
    const subjects = (await received(queues.text)).map((message) => text(message, 'Subject'));
    expect(subjects).toEqual([
      '[HIGH] ec2-transit-encryption FAILED: 30 instances, 111122223333 eu-central-1',
    ]);
  });

  it('get it as text', async () => {
    const [message] = await received(queues.text);
    expect(text(message, 'Message')).toMatch(
      /^FAILED: Instances should encrypt traffic between them: 30 instances\n/,
    );
  });

  it('get it in the schema of Amazon Q Developer', async () => {
    const [message] = await received(queues.chat);
    expect(JSON.parse(text(message, 'Message') ?? '')).toMatchObject({
      version: '1.0',
      source: 'custom',
      content: { textType: 'client-markdown' },
    });
  });

  it('get attributes', async () => {
    const [message] = await received(queues.chat);
    expect(at(message, 'MessageAttributes')).toEqual({
      kind: { Type: 'String', Value: 'opened' },
      control: { Type: 'String', Value: 'ec2-transit-encryption' },
      severity: { Type: 'String', Value: 'HIGH' },
      account: { Type: 'String', Value: '111122223333' },
      region: { Type: 'String', Value: 'eu-central-1' },
      format: { Type: 'String.Array', Value: '["chat"]' },
    });
  });
});

describe('one topic of text and JSON', () => {
  it('gives queues the JSON', async () => {
    const both = await topicArn();
    const queue = await subscribed(both);
    await notifyTopics({ text: both, json: both }, failures);
    const messages = await received(queue);
    expect(messages.map((message) => JSON.parse(text(message, 'Message') ?? '').count)).toEqual([30]);
  });
});

describe('a subscription', () => {
  it.each([
    ['severity', { severity: ['CRITICAL'] }, ['[CRITICAL] kms-key-deletion FAILED']],
    ['kind', { kind: ['done', 'undone'] }, ['[HIGH] Quarantined']],
    ['control', { control: [{ prefix: 'kms-' }] }, ['[CRITICAL] kms-key-deletion FAILED']],
    ['account', { account: ['444455556666'] }, []],
    ['format', { format: ['json'] }, []],
  ])('can be filtered by %s', async (_what, filter, subjects) => {
    const topic = await topicArn();
    const queue = await subscribed(topic, filter);
    await notifyTopics({ text: topic }, [
      { id: '1', body: stores(envelope(transition())), receives: 1 },
      { id: '2', body: stores(envelope(action(), 'Action Done')), receives: 1 },
    ]);
    const got = (await received(queue)).map((message) => text(message, 'Subject')?.split(': ')[0]);
    expect(got).toEqual(subjects);
  });
});

describe('a topic that is not there', () => {
  it('has the event put into the DLQ', async () => {
    const missing = `arn:aws:sns:${region}:123456789012:missing`;
    const reasons: string[] = [];
    const client = snsClient(config);
    await notify(
      failures.slice(0, 1),
      {},
      {
        targets: topicTargets({ text: missing }, () => client),
        published,
        adviceFor: () => undefined,
        stage: 'dev',
        retry: () => Promise.reject(new Error('not to be retried')),
        deadLetter: async (_body, reason) => void reasons.push(reason),
      },
    );
    expect(reasons).toEqual([expect.stringContaining(`Publishing to the topic ${missing} failed: NotFound`)]);
  });
});

describe('the secret of a webhook', () => {
  const ssm = ssmClient(config);
  const name = '/trailseal/dev/webhook';

  beforeAll(async () => {
    await ssm.send(new PutParameterCommand({ Name: name, Type: 'SecureString', Value: '{"url":"x"}' }));
    return async () => void (await ssm.send(new DeleteParameterCommand({ Name: name })));
  });

  it('is read decrypted', async () => {
    expect(await secretReader(ssm, name, Date.now)()).toBe('{"url":"x"}');
  });

  it('that is not there is an error', async () => {
    await expect(secretReader(ssm, '/trailseal/missing', Date.now)()).rejects.toThrow(/not found/i);
  });
});

describe('the function', () => {
  it('handles a batch of its queue, of which nothing is delivered again', async () => {
    const topic = await topicArn();
    const queue = await subscribed(topic);
    const own = await subscribed(await topicArn());
    const table = 'notify';
    const client = dynamodbClient(config);
    await makeTable(table, client);
    for (let index = 0; index < failures.length; index += 1) {
      await storeEvent({ client, table }, { kind: 'transition', event: instance(index) }, Date.now());
    }
    for (const [name, value] of Object.entries({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SQS: endpoint,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      POWERTOOLS_METRICS_DISABLED: 'true',
      TRAILSEAL_STAGE: 'dev',
      TRAILSEAL_TABLE: table,
      TRAILSEAL_QUEUE_URL: own,
      TRAILSEAL_DEAD_LETTER_URL: own,
      TRAILSEAL_TOPIC_TEXT: topic,
    })) {
      vi.stubEnv(name, value);
    }
    const { handler } = await import('../../functions/notify.ts');
    const Records = failures.map(({ id, body }) => ({ messageId: id, eventSource: 'aws:sqs', body }));
    const answer: unknown = await handler({ Records }, {
      getRemainingTimeInMillis: () => 300_000,
    } as Context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect((await received(queue)).map((message) => text(message, 'Subject'))).toEqual([
      '[HIGH] ec2-transit-encryption FAILED: 30 instances, 111122223333 eu-central-1',
    ]);
  });
});
