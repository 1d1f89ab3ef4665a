/** Sends messages from a DLQ back to the queue that they came from. */
import { DeleteMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type Answer, ask } from '../aws/answer.ts';
import { bodyAgain, type DeadLetter } from './dead-letter.ts';
import type { QueueUrls } from './queues.ts';

export type Redriven =
  | { readonly kind: 'sent' }
  /** With --dry-run. */
  | { readonly kind: 'would-be-sent' }
  | { readonly kind: 'not-sent'; readonly because: string }
  /** It is in both queues now and will be handled; sending it once more is harmless. */
  | { readonly kind: 'not-deleted'; readonly because: string };

/**
 * Sends a message without the attributes that say why it failed, and deletes it from the DLQ once the other queue has
 * accepted it. In this order nothing is lost; a message that is handled twice is harmless.
 */
export async function redriveOne(sqs: SQSClient, urls: QueueUrls, letter: DeadLetter): Promise<Redriven> {
  const sent: Answer<unknown> = await ask('sqs:SendMessage', () =>
    sqs.send(new SendMessageCommand({ QueueUrl: urls.queue, MessageBody: bodyAgain(letter) })),
  );
  if (!sent.known) return { kind: 'not-sent', because: sent.detail };
  const deleted: Answer<unknown> = await ask('sqs:DeleteMessage', () =>
    sqs.send(new DeleteMessageCommand({ QueueUrl: urls.deadLetters, ReceiptHandle: letter.receipt })),
  );
  return deleted.known ? { kind: 'sent' } : { kind: 'not-deleted', because: deleted.detail };
}
