/** `trailseal dlq` as users run it, on queues in moto. What moto cannot refuse is held by `test/cli/dlq.test.ts`. */
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { deadLetterQueueName, type QueueName, queueName } from '../../lib/aws/names.ts';
import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { createVolume, type Ended } from '../cli/command.ts';
import { trailsealAt } from './command.ts';

const region = 'ap-southeast-3';
/** A deployment of its own for each test. */
let stage = '';
let serial = 0;
const sqs = new SQSClient({
  region,
  endpoint: inject('moto'),
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

function dlq(...args: readonly string[]): Promise<Ended> {
  return trailsealAt(inject('moto'), ['dlq', ...args, '--stage', stage, '--region', region]);
}

/** The URL of a queue, which is created if it does not exist. */
async function urlOf(name: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error('moto returned no URL of a queue');
  return QueueUrl;
}

async function addDeadLetter(queue: QueueName, body: unknown, reason?: string): Promise<string> {
  const { MessageId } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: await urlOf(deadLetterQueueName(stage, queue)),
      MessageBody: JSON.stringify(body),
      ...(reason === undefined
        ? {}
        : { MessageAttributes: { reason: { DataType: 'String', StringValue: reason } } }),
    }),
  );
  if (MessageId === undefined) throw new Error('moto returned no id of a message');
  return MessageId;
}

/** The number of visible messages. */
async function visible(name: string): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await urlOf(name),
      AttributeNames: ['ApproximateNumberOfMessages'],
    }),
  );
  return Number(Attributes?.['ApproximateNumberOfMessages']);
}

beforeEach(async () => {
  serial += 1;
  stage = `dlq-${serial}`;
  for (const name of queueNames) {
    await urlOf(queueName(stage, name));
    await urlOf(deadLetterQueueName(stage, name));
  }
});

describe('trailseal dlq list', () => {
  it('says that there are none', async () => {
    expect(await dlq('list')).toEqual({
      code: 0,
      stdout: `No messages in the DLQs of stage ${stage}, ${region}.\n`,
      stderr: '',
    });
  });

  it('lists the messages of all DLQs with their reasons', async () => {
    const event = createVolume('vol-0a', false, '08:00:00');
    const first = await addDeadLetter('ec2', event, 'It failed 4 times');
    const second = await addDeadLetter('scan', scheduledScanBody());
    const { stdout, code } = await dlq('list', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        queue: 'ec2',
        id: first,
        about: expect.stringContaining('CreateVolume of vol-0a'),
        reason: 'It failed 4 times',
      },
      { queue: 'scan', id: second, about: 'scheduled scan of everything', origin: 'sqs' },
    ]);
    expect(code).toBe(0);
  });

  it('leaves all messages, visible to others at once', async () => {
    for (let count = 0; count < 25; count += 1) await addDeadLetter('kms', { count });
    const { stdout } = await dlq('list', '--format', 'json', '--queue', 'kms');
    expect((JSON.parse(stdout) as unknown[]).length).toBe(25);
    expect(await visible(deadLetterQueueName(stage, 'kms'))).toBe(25);
  });

  it('reads at most --max messages, and says so', async () => {
    for (let count = 0; count < 5; count += 1) await addDeadLetter('kms', { count });
    const { stdout, stderr } = await dlq('list', '--format', 'json', '--queue', 'kms', '--max', '3');
    expect((JSON.parse(stdout) as unknown[]).length).toBe(3);
    expect(stderr).toBe('kms: 3 messages were read, and there may be more: raise --max\n');
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    const { code, stderr } = await trailsealAt(inject('moto'), ['dlq', 'list', '--region', 'me-south-1']);
    expect(stderr).toBe(
      'trailseal: trailseal-dev has no DLQs in me-south-1; no stage is deployed in me-south-1: check --region\n',
    );
    expect(code).toBe(2);
  });
});

describe('trailseal dlq redrive', () => {
  it('sends back the named message, and leaves the others', async () => {
    const id = await addDeadLetter('ec2', createVolume('vol-0a', false), 'It failed 4 times');
    await addDeadLetter('ec2', createVolume('vol-0b', false), 'It failed 4 times');
    const { code, stdout } = await dlq('redrive', '--id', id);
    expect(stdout).toMatch(new RegExp(`^sent back: ec2 ${id} \\(CreateVolume of vol-0a`));
    expect(await visible(deadLetterQueueName(stage, 'ec2'))).toBe(1);
    expect(code).toBe(0);
  });

  it('sends only the body', async () => {
    const body = createVolume('vol-0a', false);
    await addDeadLetter('ec2', body, 'It failed 4 times');
    await dlq('redrive', '--all');
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: await urlOf(queueName(stage, 'ec2')),
        MessageAttributeNames: ['All'],
      }),
    );
    expect(Messages?.map(({ Body, MessageAttributes }) => [Body, MessageAttributes])).toEqual([
      [JSON.stringify(body), undefined],
    ]);
  });

  it('sends back all, each to its own queue', async () => {
    for (let count = 0; count < 12; count += 1) await addDeadLetter('kms', { count });
    await addDeadLetter('scan', scheduledScanBody());
    expect((await dlq('redrive', '--all')).code).toBe(0);
    const counts = await Promise.all(
      (['kms', 'scan'] as const).flatMap((name) => [
        visible(queueName(stage, name)),
        visible(deadLetterQueueName(stage, name)),
      ]),
    );
    expect(counts).toEqual([12, 0, 1, 0]);
  });

  it('changes nothing with --dry-run', async () => {
    const id = await addDeadLetter('eks', {});
    const { stdout } = await dlq('redrive', '--all', '--dry-run');
    expect(stdout).toMatch(`would be sent back: eks ${id}`);
    expect(
      await Promise.all([queueName, deadLetterQueueName].map((of) => visible(of(stage, 'eks')))),
    ).toEqual([0, 1]);
  });

  it('names messages that it did not find', async () => {
    const { code, stderr } = await dlq('redrive', '--id', 'no-such-message');
    expect(stderr).toMatch(/^message no-such-message was not found in a DLQ/);
    expect(code).toBe(3);
  });
});
