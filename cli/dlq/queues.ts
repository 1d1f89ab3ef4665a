/** Finds the queues of a stage, and reads the messages in a DLQ without removing them. */
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';
import {
  deadLetterQueueName,
  type ListenerName,
  type QueueName,
  queueName,
  type Stage,
} from '../../lib/aws/names.ts';
import { type Answer, answered, askIfExists } from '../aws/answer.ts';
import { noSuchQueue } from '../doctor/observe-deployment.ts';

export interface QueueUrls {
  readonly queue: string;
  readonly deadLetters: string;
}

/** @returns `undefined` where the stage has no such queue or DLQ. */
export async function queueUrls(
  sqs: SQSClient,
  stage: Stage,
  name: QueueName | ListenerName,
): Promise<Answer<QueueUrls | undefined>> {
  const [queue, deadLetters] = await Promise.all(
    [queueName(stage, name), deadLetterQueueName(stage, name)].map((QueueName) =>
      askIfExists('sqs:GetQueueUrl', noSuchQueue, async () => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        return QueueUrl;
      }),
    ),
  );
  if (queue?.known === false) return queue;
  if (deadLetters?.known === false) return deadLetters;
  if (queue?.value === undefined || deadLetters?.value === undefined) return answered(undefined);
  return answered({ queue: queue.value, deadLetters: deadLetters.value });
}

/**
 * Seconds for which received messages are hidden from others: longer than reading takes. After a hard interruption,
 * they become visible again only then.
 */
const hidden = 120;

/**
 * The messages of a queue, page by page. SQS can show messages only by receiving them: each is hidden from everybody
 * else until `makeVisible`, or for two minutes. One answer may not have all messages, so that it receives until a long
 * poll, which asks all of SQS's servers, brings nothing new. An abort ends it too.
 * Source: Amazon SQS Developer Guide, "Short and long polling", "Visibility timeout".
 */
export async function* receiveAll(
  sqs: SQSClient,
  url: string,
  max: number,
  signal: AbortSignal,
): AsyncGenerator<readonly SqsMessage[]> {
  const known = new Set<string>();
  while (known.size < max && !signal.aborted) {
    const answer = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: Math.min(10, max - known.size),
        VisibilityTimeout: hidden,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    const fresh = (answer.Messages ?? []).filter(({ MessageId = '' }) => !known.has(MessageId));
    if (fresh.length === 0) return;
    for (const { MessageId = '' } of fresh) known.add(MessageId);
    yield fresh;
  }
}

/** Makes received messages visible to others again. Where that fails, they become visible after two minutes. */
export async function makeVisible(
  sqs: SQSClient,
  url: string,
  receipts: readonly string[],
): Promise<Answer<undefined>> {
  return askIfExists('sqs:ChangeMessageVisibility', [], async () => {
    for (let from = 0; from < receipts.length; from += 10) {
      await sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: receipts.slice(from, from + 10).map((ReceiptHandle, index) => ({
            Id: String(index),
            ReceiptHandle,
            VisibilityTimeout: 0,
          })),
        }),
      );
    }
    return undefined;
  });
}
