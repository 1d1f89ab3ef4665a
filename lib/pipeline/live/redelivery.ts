/**
 * When a delivery that failed comes again, and when it goes to the DLQ. A queue's visibility timeout is for a function that
 * ended without a word; an error is known at once, and its message is made visible again after seconds.
 */
import { isDenial, isUnanswered } from '../../aws/reason.ts';
import { at } from '../../core/json.ts';
import { StateTableError } from '../../findings/state/error.ts';

/** Seconds before the second delivery, the third, …; three errors in a row delay a message by less than a minute. */
const delays = [5, 15, 30, 60, 120, 240, 480];

/** Seconds before every later delivery. */
const longestDelay = 900;

/**
 * The number of deliveries of one message after which it goes to the DLQ with a reason: two hours, so that an outage of
 * an hour is waited for, and somebody is alarmed by a longer one. The queue's own limit (`maxReceiveCount`) is higher; it catches messages that end the
 * function before it can give a reason, and those that it can't put aside.
 */
export const deliveriesInAll = 15;

/** The same where AWS, or Trailseal itself, refuses the message, and would again: two minutes, in which rights may spread. */
export const deliveriesOfRefused = 5;

/**
 * The number of deliveries, after the first, that may end their process without a word before the message goes to the DLQ. A
 * message that ends its process holds an instance for as long as the function may take.
 */
export const endsInAll = 3;

/** A message that ended its process so often that it is not taken again. */
export class EndedProcess extends Error {
  override readonly name = 'EndedProcess';

  constructor(ends: number) {
    super(
      `its deliveries ended the function without a word at least ${ends} times: out of memory or out of time, or stopped from ` +
        'outside. The lines REPORT of the function’s log say which. Redrive it when the cause is corrected',
    );
  }
}

/** Of the queue: deliveries beyond those after which the function puts a message aside. */
export const maxReceiveCount = deliveriesInAll + 3;

/**
 * The delay before the next delivery.
 * @param receives how often it has been delivered.
 * @returns seconds.
 * @example redeliveryDelay(1) // 5
 */
export function redeliveryDelay(receives: number): number {
  return delays[Math.max(1, receives) - 1] ?? longestDelay;
}

/**
 * How often a message may fail with this error before it goes to the DLQ.
 * @example deliveriesFor(new TypeError('x is not a function')) // 5
 */
export function deliveriesFor(error: unknown): number {
  if (error instanceof EndedProcess) return 1;
  return isRefusal(error) ? deliveriesOfRefused : deliveriesInAll;
}

/** Errors that JavaScript, or zod, throws for what is wrong in itself. */
const ownFaults = new Set([
  'TypeError',
  'RangeError',
  'SyntaxError',
  'ReferenceError',
  'ZodError',
  '$ZodError',
]);

/** Client errors after which the same call may succeed: another write, a lease or credentials that ran out, an account that is being set up. */
const passing =
  /Conflict|ConditionalCheck|TransactionCanceled|TransactionInProgress|Expired|Timeout|TooManyRequests|Throttl|LimitExceeded|NotReady|InProgress|Locked/i;

/**
 * Whether an error says that the message will be refused however often it comes: an argument that AWS does not accept, an
 * item that can not be read, a denied call. Errors of the network, throttling and AWS's own errors pass; so does everything
 * that is not known.
 * @example isRefusal(new StateTableError('newer-format', ['id'], '…')) // true
 */
export function isRefusal(error: unknown): boolean {
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth += 1) {
    // The policy is no part of the message: all of them fail until it can be read.
    if (one.name === 'PolicyUnreadable') return false;
    if (one instanceof StateTableError) {
      // So are exemptions and limits; and the rights to the table.
      if (one.ofAll || isDenial(one.cause)) return false;
      if (one.trouble === 'unreadable' || one.trouble === 'newer-format') return true;
      if (one.trouble === 'busy') return false;
    }
    if ('refused' in one && one.refused === true) return true;
    if (typeof at(one, '$metadata', 'httpStatusCode') === 'number') {
      return !isUnanswered(one) && !passing.test(one.name);
    }
    // The network's errors come as the cause of a TypeError.
    if (ownFaults.has(one.name) && one.cause === undefined) return true;
  }
  return false;
}
