/** Batches of deliveries: handled together, and piece by piece when that fails, so that one costs no other. */

/** One message of a queue. */
export interface Delivery {
  /** The queue's id of the message: the same when it is delivered again. */
  readonly id: string;
  readonly body: string;
  /** How often it has been delivered, this time included. */
  readonly receives: number;
}

/**
 * So many deliveries of one message in all, and then it is put aside with its reason. The queue's own limit
 * (maxReceiveCount) is higher, and catches what ends the function before it can say why.
 */
export const deliveriesInAll = 4;

export interface Failure {
  readonly delivery: Delivery;
  readonly error: unknown;
  /** Whether it was put aside; else the queue delivers it again. */
  readonly deadLettered: boolean;
}

export interface Batch<T> {
  readonly done: readonly T[];
  readonly failures: readonly Failure[];
  /** Why they could not be taken together, and were taken one by one; `undefined` when they could. */
  readonly apart?: unknown;
  /** What there was no time for: the queue delivers it again. */
  readonly left: readonly Delivery[];
}

/** One delivery alone is begun only with so much time left, in milliseconds. */
const timeForOne = 20_000;

/**
 * @param take handles deliveries so that doing it twice does no harm; rejects when something of it failed.
 * @param deadLetter puts a body aside, with a reason for people.
 * @param remaining milliseconds that are left to work in: what is done by then stays done, and is not delivered again.
 * @returns what was done, and what failed even by itself. Never rejects: what can't be put aside is delivered again.
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

/** Those that the queue is to deliver again, by the ids that it knows them by. */
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
