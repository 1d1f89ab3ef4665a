/**
 * Batches of deliveries: processed together and, when that fails or takes too long, one by one, so that one bad delivery
 * does not fail the others.
 */
import type { BegunDeliveries } from '../../findings/state/begun-deliveries.ts';
import { deliveriesFor, EndedProcess, endsInAll, redeliveryDelay } from './redelivery.ts';

/** One message of a queue. */
export interface Delivery {
  /** The queue's id of the message: the same when it is delivered again. */
  readonly id: string;
  readonly body: string;
  /** How often it has been delivered, this time included. */
  readonly receives: number;
  /** The queue's name for this delivery of it; left out where no queue delivered it. */
  readonly receipt?: string;
}

export interface Failure {
  readonly delivery: Delivery;
  readonly error: unknown;
  /** Whether it is in the DLQ; else the queue delivers it again. */
  readonly deadLettered: boolean;
}

export interface Batch<T> {
  readonly done: readonly T[];
  readonly failures: readonly Failure[];
  /** The error of processing them together, after which they were processed one by one; `undefined` without one. */
  readonly apart?: unknown;
  /** The deliveries for which no time was left: the queue delivers them again. */
  readonly left: readonly Delivery[];
}

/** Processing did not end in the time that it had. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';

  constructor(deliveries: number, milliseconds: number) {
    const what = deliveries === 1 ? 'the message' : `the ${deliveries} messages together`;
    super(`${what} took longer than the ${Math.round(milliseconds / 1_000)} seconds that there were`);
  }
}

/**
 * Processes deliveries. It must be idempotent, and reject when any part failed. After `signal` it need not go on: its
 * result does not count any more.
 */
export type Take<T> = (deliveries: readonly Delivery[], signal: AbortSignal) => Promise<T>;

/** Sends a body to the DLQ, with a reason for people. */
export type SendToDeadLetterQueue = (body: string, reason: string) => Promise<void>;

/** The time, in milliseconds, that must be left to begin a single delivery. */
const timeForOne = 20_000;

/** Milliseconds to say what failed: by then whatever is not done is given up. */
const timeToAnswer = 5_000;

/** The part of the time that the deliveries may take together; the rest is for those that have to be taken alone. */
const shareTogether = 2 / 3;

/** The longest delay of Node's timers. */
const longestTimer = 2 ** 31 - 1;

/**
 * Processes deliveries together, or one by one when that fails. Those that failed before are taken alone from the start, the
 * ones that failed most often last, each with a share of the time: one that never ends takes no other with it.
 * @param remaining milliseconds left to work in: results up to then count, and are not delivered again.
 * @returns the results, and the deliveries that failed even alone. Never rejects: a delivery that the DLQ does not
 *   take is delivered again.
 * @example const { done, failures } = await takeBatch(deliveries, (some) => evaluator.take(some), deadLetter, remaining);
 */
export async function takeBatch<T>(
  deliveries: readonly Delivery[],
  take: Take<T>,
  deadLetter: SendToDeadLetterQueue,
  remaining: () => number,
): Promise<Batch<T>> {
  const fresh = deliveries.filter(({ receives }) => receives <= 1);
  const before = deliveries
    .filter(({ receives }) => receives > 1)
    .toSorted((one, other) => one.receives - other.receives);
  if (fresh.length <= 1) return await oneByOne([...fresh, ...before], take, deadLetter, remaining);
  try {
    const done = await inTime(fresh, take, remaining() * shareTogether);
    const others = await oneByOne(before, take, deadLetter, remaining);
    return { ...others, done: [done, ...others.done] };
  } catch (error) {
    return { ...(await oneByOne([...fresh, ...before], take, deadLetter, remaining)), apart: error };
  }
}

/**
 * Counts the deliveries that end the process without a word, of messages that came before: the first time costs nothing. One
 * that ended it too often is not taken, but fails with `EndedProcess`, by which it goes to the DLQ at once.
 * @param onFault is called where the count could not be set back after an error: the message then has one delivery less.
 * @example takeBatch(deliveries, countingEnds(take, begun, warn), deadLetter, remaining)
 */
export function countingEnds<T>(
  take: Take<T>,
  begun: BegunDeliveries,
  onFault: (error: unknown) => void,
): Take<T> {
  return async (deliveries, signal) => {
    const [delivery, ...others] = deliveries;
    // Those that came before are taken alone.
    if (delivery === undefined || others.length > 0 || delivery.receives <= 1) {
      return await take(deliveries, signal);
    }
    const before = await begun.count(delivery.id);
    if (before >= endsInAll) throw new EndedProcess(before);
    await begun.set(delivery.id, before + 1);
    try {
      return await take(deliveries, signal);
    } catch (error) {
      try {
        await begun.set(delivery.id, before);
      } catch (fault) {
        onFault(fault);
      }
      throw error;
    }
  };
}

/**
 * The deliveries that the queue must deliver again, and after how many seconds.
 * @example redeliveries({ done: [], failures: [], left: [delivery] }) // [{ delivery, seconds: 5 }]
 */
export function redeliveries({
  failures,
  left,
}: Batch<unknown>): readonly { readonly delivery: Delivery; readonly seconds: number }[] {
  const failed = failures.filter(({ deadLettered }) => !deadLettered);
  return [
    ...failed.map(({ delivery }) => ({ delivery, seconds: redeliveryDelay(delivery.receives) })),
    // Nothing is known against them.
    ...left.map((delivery) => ({ delivery, seconds: redeliveryDelay(1) })),
  ];
}

/**
 * The ids of the deliveries that the queue must deliver again: failures that are not in the DLQ, and those left over.
 * @example toDeliverAgain({ done: [], failures: [], left: [{ id: 'm1', body: '{}', receives: 1 }] }) // ['m1']
 */
export function toDeliverAgain(batch: Batch<unknown>): readonly string[] {
  return redeliveries(batch).map(({ delivery: { id } }) => id);
}

async function oneByOne<T>(
  deliveries: readonly Delivery[],
  take: Take<T>,
  deadLetter: SendToDeadLetterQueue,
  remaining: () => number,
): Promise<Batch<T>> {
  const done: T[] = [];
  const failures: Failure[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const time = remaining() - timeToAnswer;
    // Whatever the time: else a function with little of it would never do anything.
    if (index > 0 && time < timeForOne) return { done, failures, left: deliveries.slice(index) };
    const share = Math.min(time, Math.max(timeForOne, time / (deliveries.length - index)));
    try {
      done.push(await inTime([delivery], take, share));
    } catch (error) {
      failures.push(
        delivery.receives < deliveriesFor(error)
          ? { delivery, error, deadLettered: false }
          : await putAside(delivery, error, deadLetter),
      );
    }
  }
  return { done, failures, left: [] };
}

/** @throws OutOfTime where it takes longer; what `take` throws. */
async function inTime<T>(deliveries: readonly Delivery[], take: Take<T>, milliseconds: number): Promise<T> {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const expire = () => {
    const error = new OutOfTime(deliveries.length, milliseconds);
    controller.abort(error);
    reject(error);
  };
  const timer =
    milliseconds > longestTimer ? undefined : setTimeout(expire, Math.max(0, Math.floor(milliseconds)));
  try {
    return await Promise.race([take(deliveries, controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}

async function putAside(
  delivery: Delivery,
  error: unknown,
  deadLetter: SendToDeadLetterQueue,
): Promise<Failure> {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const because =
    error instanceof EndedProcess
      ? `After ${delivery.receives} deliveries, ${error.message}`
      : `It failed ${delivery.receives} times, the last time with ${reason}`;
  try {
    await deadLetter(delivery.body, because);
    return { delivery, error, deadLettered: true };
  } catch (cause) {
    const both = new AggregateError([error, cause], 'it failed, and could not be put aside', { cause });
    return { delivery, error: both, deadLettered: false };
  }
}
