/** Sending dead letters back to the queue that they were meant for. */
import { DeleteMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type Seen, see } from '../aws/answer.ts';
import { bodyAgain, type Letter } from './dead-letter.ts';
import type { QueueUrls } from './queues.ts';

export type Redriven =
  | { readonly kind: 'sent' }
  /** A dry run: it would be sent. */
  | { readonly kind: 'would-be-sent' }
  | { readonly kind: 'not-sent'; readonly because: string }
  /** It is in both queues now, and will be handled; sent once more it does no harm. */
  | { readonly kind: 'not-deleted'; readonly because: string };

/**
 * Sends a letter again, as it was but for the attributes that tell why it died, and deletes it from the
 * dead-letter queue once the other queue has accepted it. In this order nothing is lost; what is handled twice
 * makes no difference.
 */
export async function redriveOne(sqs: SQSClient, urls: QueueUrls, letter: Letter): Promise<Redriven> {
  const sent: Seen<unknown> = await see('sqs:SendMessage', () =>
    sqs.send(new SendMessageCommand({ QueueUrl: urls.queue, MessageBody: bodyAgain(letter) })),
  );
  if (!sent.known) return { kind: 'not-sent', because: sent.detail };
  const deleted: Seen<unknown> = await see('sqs:DeleteMessage', () =>
    sqs.send(new DeleteMessageCommand({ QueueUrl: urls.deadLetters, ReceiptHandle: letter.receipt })),
  );
  return deleted.known ? { kind: 'sent' } : { kind: 'not-deleted', because: deleted.detail };
}
