/**
 * Batches of deliveries: processed together and, when that fails, one by one, so that one bad delivery does not fail
 * the others.
 */

/** One message of a queue. */
export interface Delivery {
  /** The queue's id of the message: the same when it is delivered again. */
  readonly id: string;
  readonly body: string;
  /** How often it has been delivered, this time included. */
  readonly receives: number;
}

/**
 * The number of deliveries of one message after which it goes to the DLQ with a reason. The queue's own limit
 * (maxReceiveCount) is higher; it catches messages that end the function before it can give a reason.
 */
export const deliveriesInAll = 4;

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

/** The time, in milliseconds, that must be left to begin a single delivery. */
const timeForOne = 20_000;

/**
 * Processes deliveries together, or one by one when that fails.
 * @param take processes deliveries; it must be idempotent, and reject when any part failed.
 * @param deadLetter sends a body to the DLQ, with a reason for people.
 * @param remaining milliseconds left to work in: results up to then count, and are not delivered again.
 * @returns the results, and the deliveries that failed even alone. Never rejects: a delivery that the DLQ does not
 *   take is
 * delivered again.
 * @example const { done, failures } = await takeBatch(deliveries, (some) => evaluator.take(some), deadLetter, remaining);
 */
export async function takeBatch<T>(
  deliveries: readonly Delivery[],
  take: (deliveries: readonly Delivery[]) => Promise<T>,
  deadLetter: (body: string, reason: string) => Promise<void>,
  remaining: () => number,
): Promise<Batch<T>> {
  try {
    return { done: deliveries.length === 0 ? [] : [await take(deliveries)], failures: [], left: [] };
  } catch (error) {
    const [first] = deliveries;
    if (deliveries.length > 1) {
      return { ...(await oneByOne(deliveries, take, deadLetter, remaining)), apart: error };
    }
    if (first === undefined) throw error;
    if (first.receives < deliveriesInAll) {
      return { done: [], failures: [{ delivery: first, error, deadLettered: false }], left: [] };
    }
    return { done: [], failures: [await putAside(first, error, deadLetter)], left: [] };
  }
}

/**
 * The ids of the deliveries that the queue must deliver again: failures that are not in the DLQ, and those left over.
 * @example toDeliverAgain({ done: [], failures: [], left: [{ id: 'm1', body: '{}', receives: 1 }] }) // ['m1']
 */
export function toDeliverAgain({ failures, left }: Batch<unknown>): readonly string[] {
  const failed = failures.filter(({ deadLettered }) => !deadLettered).map(({ delivery }) => delivery);
  return [...failed, ...left].map(({ id }) => id);
}

async function oneByOne<T>(
  deliveries: readonly Delivery[],
  take: (deliveries: readonly Delivery[]) => Promise<T>,
  deadLetter: (body: string, reason: string) => Promise<void>,
  remaining: () => number,
): Promise<Batch<T>> {
  const done: T[] = [];
  const failures: Failure[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    if (remaining() < timeForOne) return { done, failures, left: deliveries.slice(index) };
    const alone = await takeBatch([delivery], take, deadLetter, remaining);
    done.push(...alone.done);
    failures.push(...alone.failures);
  }
  return { done, failures, left: [] };
}

async function putAside(
  delivery: Delivery,
  error: unknown,
  deadLetter: (body: string, reason: string) => Promise<void>,
): Promise<Failure> {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  try {
    await deadLetter(delivery.body, `It failed ${delivery.receives} times, the last time with ${reason}`);
    return { delivery, error, deadLettered: true };
  } catch (cause) {
    const both = new AggregateError([error, cause], 'it failed, and could not be put aside', { cause });
    return { delivery, error: both, deadLettered: false };
  }
}
