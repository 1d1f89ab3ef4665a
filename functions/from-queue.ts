/**
 * The work of a function that takes messages from a queue of its own: what fails is delivered again after seconds, and not
 * when the queue's visibility timeout ends, which is six times as long as the function may take.
 */
import type { Logger } from '@aws-lambda-powertools/logger';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { hideFor } from '../lib/aws/sqs.ts';
import type { BegunDeliveries } from '../lib/findings/state/begun-deliveries.ts';
import {
  type Batch,
  countingEnds,
  type Delivery,
  redeliveries,
  type SendToDeadLetterQueue,
  type Take,
  takeBatch,
} from '../lib/pipeline/live/batch.ts';
import { redeliveryDelay } from '../lib/pipeline/live/redelivery.ts';

export interface OwnQueue {
  readonly sqs: SQSClient;
  readonly url: string;
  readonly logger: Logger;
}

export interface Handling<T> {
  readonly take: Take<T>;
  readonly deadLetter: SendToDeadLetterQueue;
  /**
   * Whether work that runs out of time must end with the process: Lambda ends it, and its message was made visible
   * before. Otherwise it is given up, and may go on beside the next invocation for a while.
   */
  readonly endsWithProcess?: boolean;
  /** Counts the deliveries that end the process; left out where the queue's own limit is enough. */
  readonly begun?: BegunDeliveries;
  /** Called before Lambda ends the process. */
  readonly beforeEnd?: () => void;
}

/** Milliseconds before Lambda ends the process in which messages are made visible: where work ends so, and where it should not. */
const lastMoments = { intended: 10_000, unintended: 3_000 } as const;

/**
 * Takes what the queue delivered.
 * @returns the batch, and what Lambda is answered. Never rejects.
 */
export async function takeFromQueue<T>(
  queue: OwnQueue,
  deliveries: readonly Delivery[],
  context: Remaining,
  { take, deadLetter, begun, ...end }: Handling<T>,
): Promise<{ readonly batch: Batch<T>; readonly answer: SQSBatchResponse }> {
  const remaining = () =>
    end.endsWithProcess === true ? Number.POSITIVE_INFINITY : context.getRemainingTimeInMillis();
  return await guarded(queue, deliveries, context, end, async () => {
    const counted = begun === undefined ? take : countingEnds(take, begun, warn(queue));
    const batch = await takeBatch(deliveries, counted, deadLetter, remaining);
    return { batch, answer: await answerFor(queue, redeliveries(batch)) };
  });
}

function warn({ logger }: OwnQueue): (error: unknown) => void {
  return (error) =>
    logger.warn('a delivery that failed counts as one that ended the process', {
      error: error instanceof Error ? error : new Error(String(error)),
    });
}

type Remaining = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * Works on deliveries that come again after seconds also where Lambda ends the process. Rejects as `work` does.
 * @param end see `Handling`.
 */
export async function guarded<T>(
  queue: OwnQueue,
  deliveries: readonly Delivery[],
  context: Remaining,
  { endsWithProcess = false, beforeEnd }: Pick<Handling<unknown>, 'endsWithProcess' | 'beforeEnd'>,
  work: () => Promise<T>,
): Promise<T> {
  const remaining = () => context.getRemainingTimeInMillis();
  const afterEnd = (some: readonly Delivery[]): readonly Redelivery[] => {
    const left = Math.max(0, Math.ceil(remaining() / 1_000));
    return some.map((delivery) => ({ delivery, seconds: left + redeliveryDelay(delivery.receives) }));
  };
  // One that came before may have ended the process, by its memory or without a pause, and would be hidden for long again; and
  // where the function takes long, its queue's visibility timeout is hours, too long for the first time as well.
  const mayEnd = deliveries.filter(({ receives }) => endsWithProcess || receives > 1);
  if (mayEnd.length > 0) await redeliver(queue, afterEnd(mayEnd));
  const giveUp = () => {
    queue.logger.error('out of time, will be delivered again', {
      deliveries: deliveries.map(({ id }) => id),
    });
    beforeEnd?.();
    void redeliver(queue, afterEnd(deliveries));
  };
  const moments = endsWithProcess ? lastMoments.intended : lastMoments.unintended;
  const timer = setTimeout(giveUp, Math.max(0, remaining() - moments));
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

export interface Redelivery {
  readonly delivery: Delivery;
  readonly seconds: number;
}

/** Has the queue deliver these again, each after its seconds. @returns what Lambda is answered. Never rejects. */
export async function answerFor(queue: OwnQueue, again: readonly Redelivery[]): Promise<SQSBatchResponse> {
  await redeliver(queue, again);
  return { batchItemFailures: again.map(({ delivery }) => ({ itemIdentifier: delivery.id })) };
}

async function redeliver({ sqs, url, logger }: OwnQueue, again: readonly Redelivery[]): Promise<void> {
  const hidden = again.flatMap(({ delivery: { receipt }, seconds }) =>
    receipt === undefined ? [] : [{ receipt, seconds }],
  );
  try {
    const [reason] = await hideFor(sqs, url, hidden);
    if (reason !== undefined) logger.warn('a message stays hidden for its visibility timeout', { reason });
  } catch (error) {
    // They come again all the same, later.
    logger.warn('messages stay hidden for their visibility timeout', {
      error: error instanceof Error ? error : new Error(String(error)),
    });
  }
}
