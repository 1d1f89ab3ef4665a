/** Where a stage's queues are, and what lies in the dead-letter queues, without taking it away. */
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
import { type Seen, seeIfThere, seen } from '../aws/answer.ts';
import { noSuchQueue } from '../doctor/observe-deployment.ts';

export interface QueueUrls {
  readonly queue: string;
  readonly deadLetters: string;
}

/** @returns `undefined` where the stage has no such dead-letter queue. */
export async function queueUrls(
  sqs: SQSClient,
  stage: Stage,
  name: QueueName | ListenerName,
): Promise<Seen<QueueUrls | undefined>> {
  const [queue, deadLetters] = await Promise.all(
    [queueName(stage, name), deadLetterQueueName(stage, name)].map((QueueName) =>
      seeIfThere('sqs:GetQueueUrl', noSuchQueue, async () => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        return QueueUrl;
      }),
    ),
  );
  if (queue?.known === false) return queue;
  if (deadLetters?.known === false) return deadLetters;
  if (queue?.value === undefined || deadLetters?.value === undefined) return seen(undefined);
  return seen({ queue: queue.value, deadLetters: deadLetters.value });
}

/**
 * Seconds for which what was received is hidden from others: longer than any reading takes. Whoever is interrupted
 * so hard that nothing is given back has to wait so long.
 */
const hidden = 120;

/**
 * The messages of a queue, page by page. SQS has no way to look without receiving: each message is hidden from
 * everybody until `giveBack`, or for two minutes. A queue of many servers may answer in part; so it is asked until
 * an answer, waited for over all servers, brings nothing new; an interruption ends it too.
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

/** Shows received messages to everybody again. What cannot be shown at once shows itself in two minutes. */
export async function giveBack(
  sqs: SQSClient,
  url: string,
  receipts: readonly string[],
): Promise<Seen<undefined>> {
  return seeIfThere('sqs:ChangeMessageVisibility', [], async () => {
    for (let from = 0; from < receipts.length; from += 10) {
      await sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: receipts.slice(from, from + 10).map((ReceiptHandle, accountRegion) => ({
            Id: String(accountRegion),
            ReceiptHandle,
            VisibilityTimeout: 0,
          })),
        }),
      );
    }
    return undefined;
  });
}
