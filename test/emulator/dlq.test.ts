/** `trailseal dlq` as people run it, on queues in moto. What moto cannot refuse is held by `test/cli/dlq.test.ts`. */
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

/** The URL of a queue, which is made where there is none. */
async function urlOf(name: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error('moto does not tell the URL of a queue');
  return QueueUrl;
}

async function die(queue: QueueName, body: unknown, reason?: string): Promise<string> {
  const { MessageId } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: await urlOf(deadLetterQueueName(stage, queue)),
      MessageBody: JSON.stringify(body),
      ...(reason === undefined
        ? {}
        : { MessageAttributes: { reason: { DataType: 'String', StringValue: reason } } }),
    }),
  );
  if (MessageId === undefined) throw new Error('moto does not tell the id of a message');
  return MessageId;
}

/** How many messages anybody could receive now. */
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
  it('tells that there are none', async () => {
    expect(await dlq('list')).toEqual({
      code: 0,
      stdout: `No dead letters in stage ${stage}, ${region}.\n`,
      stderr: '',
    });
  });

  it('tells of all queues what lies there, and why', async () => {
    const event = createVolume('vol-0a', false, '08:00:00');
    const first = await die('ec2', event, 'It failed 4 times');
    const second = await die('scan', scheduledScanBody());
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

  it('leaves everything where it was, for others to see at once', async () => {
    for (let count = 0; count < 25; count += 1) await die('kms', { count });
    const { stdout } = await dlq('list', '--format', 'json', '--queue', 'kms');
    expect((JSON.parse(stdout) as unknown[]).length).toBe(25);
    expect(await visible(deadLetterQueueName(stage, 'kms'))).toBe(25);
  });

  it('reads no more than it was told, and says so', async () => {
    for (let count = 0; count < 5; count += 1) await die('kms', { count });
    const { stdout, stderr } = await dlq('list', '--format', 'json', '--queue', 'kms', '--max', '3');
    expect((JSON.parse(stdout) as unknown[]).length).toBe(3);
    expect(stderr).toBe('kms: 3 were read; there may be more (--max reads more at a time)\n');
  });

  it('of a stage that is not deployed is wrong usage', async () => {
    const { code, stderr } = await trailsealAt(inject('moto'), ['dlq', 'list', '--region', 'me-south-1']);
    expect(stderr).toBe(
      'trailseal: trailseal-dev has no dead-letter queues in me-south-1; `trailseal doctor --stage dev --region me-south-1` tells what is deployed\n',
    );
    expect(code).toBe(2);
  });
});

describe('trailseal dlq redrive', () => {
  it('sends back the one that is named, and leaves the others', async () => {
    const id = await die('ec2', createVolume('vol-0a', false), 'It failed 4 times');
    await die('ec2', createVolume('vol-0b', false), 'It failed 4 times');
    const { code, stdout } = await dlq('redrive', '--id', id);
    expect(stdout).toMatch(new RegExp(`^sent back: ec2 ${id} \\(CreateVolume of vol-0a`));
    expect(await visible(deadLetterQueueName(stage, 'ec2'))).toBe(1);
    expect(code).toBe(0);
  });

  it('sends the body alone', async () => {
    const body = createVolume('vol-0a', false);
    await die('ec2', body, 'It failed 4 times');
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

  it('sends all back, each to its own queue', async () => {
    for (let count = 0; count < 12; count += 1) await die('kms', { count });
    await die('scan', scheduledScanBody());
    expect((await dlq('redrive', '--all')).code).toBe(0);
    const counts = await Promise.all(
      (['kms', 'scan'] as const).flatMap((name) => [
        visible(queueName(stage, name)),
        visible(deadLetterQueueName(stage, name)),
      ]),
    );
    expect(counts).toEqual([12, 0, 1, 0]);
  });

  it('that is only tried changes nothing', async () => {
    const id = await die('eks', {});
    const { stdout } = await dlq('redrive', '--all', '--dry-run');
    expect(stdout).toMatch(`would be sent back: eks ${id}`);
    expect(
      await Promise.all([queueName, deadLetterQueueName].map((of) => visible(of(stage, 'eks')))),
    ).toEqual([0, 1]);
  });

  it('names those that it did not find', async () => {
    const { code, stderr } = await dlq('redrive', '--id', 'no-such-message');
    expect(stderr).toMatch(/^no dead letter no-such-message was found/);
    expect(code).toBe(3);
  });
});
