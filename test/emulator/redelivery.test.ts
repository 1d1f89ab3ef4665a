/** When a queue, moto's, delivers again what failed, and that what is refused reaches the DLQ with its reason. */
import { setTimeout } from 'node:timers/promises';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse } from 'aws-lambda';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { deadLettersTo } from '../../functions/context.ts';
import { deliveriesIn } from '../../functions/deliveries.ts';
import { takeFromQueue } from '../../functions/from-queue.ts';
import { loggerOf } from '../../functions/telemetry.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import { deliveriesOfRefused, redeliveryDelay } from '../../lib/pipeline/live/redelivery.ts';
import { region } from './action-deps.ts';

process.env['AWS_ENDPOINT_URL'] = inject('moto');
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';

const sqs = sqsClient({ region });
let queues = 0;
let url = '';
let deadLetterUrl = '';

beforeEach(async () => {
  queues += 1;
  const made = async (QueueName: string) => {
    // Of `remediate`: what nobody makes visible comes again after an hour and a half.
    const Attributes = { VisibilityTimeout: '5400' };
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  };
  url = await made(`redelivery-${queues}`);
  deadLetterUrl = await made(`redelivery-${queues}-dead-letters`);
});

/** What the queue delivers now; `undefined` while all is hidden. */
async function received(from: string, hidden?: number): Promise<Message | undefined> {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: from,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['reason'],
      ...(hidden === undefined ? {} : { VisibilityTimeout: hidden }),
    }),
  );
  return message;
}

/** Does what Lambda does with a message: passes it to the function, and deletes what the answer does not name. */
async function invoked(message: Message | undefined, error: Error): Promise<SQSBatchResponse> {
  const { deliveries } = deliveriesIn({
    Records: [
      {
        eventSource: 'aws:sqs',
        messageId: message?.MessageId,
        receiptHandle: message?.ReceiptHandle,
        body: message?.Body,
        attributes: message?.Attributes,
      },
    ],
  });
  const { answer } = await takeFromQueue(
    { sqs, url, logger: loggerOf('test') },
    deliveries,
    { getRemainingTimeInMillis: () => 900_000 },
    {
      take: () => Promise.reject(error),
      deadLetter: deadLettersTo(sqs, deadLetterUrl),
    },
  );
  if (answer.batchItemFailures.length === 0) {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
  }
  return answer;
}

describe('a message of a queue that hides what was received for an hour and a half', () => {
  it('comes again after the seconds that its next delivery is due in, where it failed', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{"failing":true}' }));
    const first = await received(url);
    const failedAt = Date.now();
    const answer = await invoked(first, new Error('The service is too busy.'));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: first?.MessageId }] });
    let again: Message | undefined;
    while (again === undefined && Date.now() - failedAt < 20_000) {
      await setTimeout(100);
      again = await received(url);
    }
    const seconds = (Date.now() - failedAt) / 1_000;
    expect(again).toMatchObject({ MessageId: first?.MessageId, Body: '{"failing":true}' });
    expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
    // The queue's clock may round to seconds.
    expect(seconds).toBeGreaterThan(redeliveryDelay(1) - 1);
    expect(seconds).toBeLessThan(redeliveryDelay(1) + 5);
    expect(await received(deadLetterUrl)).toBeUndefined();
  });

  it('is in the DLQ with its reason, and in the queue no more, where it is refused again and again', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{"refused":true}' }));
    // Without the delays between them, which the test above waits for once.
    for (let receives = 1; receives < deliveriesOfRefused; receives += 1) {
      expect((await received(url, 0))?.Attributes?.ApproximateReceiveCount).toBe(String(receives));
    }
    const error = Object.assign(new Error('You may not.'), {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    expect(await invoked(await received(url), error)).toEqual({ batchItemFailures: [] });
    expect(await received(deadLetterUrl)).toMatchObject({
      Body: '{"refused":true}',
      MessageAttributes: {
        reason: {
          StringValue: 'It failed 5 times, the last time with AccessDeniedException: You may not.',
        },
      },
    });
    expect(await received(url)).toBeUndefined();
  });
});
