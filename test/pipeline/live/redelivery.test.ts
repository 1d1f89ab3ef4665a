import { describe, expect, it } from 'vitest';
import { SendError } from '../../../lib/aws/sqs.ts';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { PolicyUnreadable } from '../../../lib/pipeline/live/effective-policy.ts';
import {
  deliveriesInAll,
  deliveriesOfRefused,
  isRefusal,
  maxReceiveCount,
  redeliveryDelay,
} from '../../../lib/pipeline/live/redelivery.ts';

/** Seconds from the first delivery to the last of so many. */
function secondsUntil(deliveries: number): number {
  return Array.from({ length: deliveries - 1 }, (_, index) => redeliveryDelay(index + 1)).reduce(
    (sum, delay) => sum + delay,
    0,
  );
}

/** As the SDK throws it. */
function ofSdk(name: string, httpStatusCode: number | undefined): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}

describe('a message that fails', () => {
  it('is delayed by less than a minute by three errors in a row', () => {
    expect(redeliveryDelay(1)).toBe(5);
    expect(secondsUntil(4)).toBeLessThan(60);
  });

  it('comes again later each time, and a quarter of an hour later at most', () => {
    const all = Array.from({ length: 40 }, (_, index) => redeliveryDelay(index + 1));
    expect(all).toEqual(all.toSorted((one, other) => one - other));
    expect(all.at(-1)).toBe(900);
  });

  it('is kept from the DLQ for an outage of an hour, and is there after some more, so that the alarm fires', () => {
    expect(secondsUntil(deliveriesInAll)).toBeGreaterThan(1.5 * 3_600);
    expect(secondsUntil(deliveriesInAll)).toBeLessThan(2.5 * 3_600);
  });

  it('is in the DLQ within two minutes where it is refused', () => {
    expect(secondsUntil(deliveriesOfRefused)).toBe(110);
  });

  it('is put aside by its function, with the reason, before the queue does it without one', () => {
    expect(maxReceiveCount).toBeGreaterThan(deliveriesInAll + 1);
  });
});

describe('what is refused, and would be again', () => {
  it.each([
    ['an item of a newer format', new StateTableError('newer-format', ['id'], 'Newer.')],
    ['an item that is damaged', new StateTableError('unreadable', ['id'], 'Damaged.')],
    [
      'an argument that DynamoDB does not accept',
      new StateTableError('refused', ['id'], 'Refused.', ofSdk('ValidationException', 400)),
    ],
    ['a denied call', ofSdk('AccessDeniedException', 403)],
    [
      'a message that another queue does not accept',
      new SendError('url', [0], 1, 'denied', ofSdk('AccessDenied', 403)),
    ],
    ['a fault of Trailseal’s own', new TypeError('x is not a function')],
  ])('is %s', (_, error) => {
    expect(isRefusal(error)).toBe(true);
  });

  it.each([
    ['a throttled call', ofSdk('ThrottlingException', 400)],
    [
      'a table that may not be read, which concerns every message',
      new StateTableError('refused', ['id'], 'Denied.', ofSdk('AccessDeniedException', 400)),
    ],
    [
      'an exemption that can not be read, which concerns every message',
      new StateTableError('unreadable', ['id'], 'Damaged.', undefined, { ofAll: true }),
    ],
    ['too many requests', ofSdk('SomeException', 429)],
    ['an error of AWS’s own', ofSdk('InternalServerError', 500)],
    ['no answer', ofSdk('TimeoutError', undefined)],
    ['a connection that breaks', new TypeError('fetch failed', { cause: new Error('ECONNRESET') })],
    ['another write at the same time', ofSdk('ConditionalCheckFailedException', 400)],
    ['credentials that expired', ofSdk('ExpiredTokenException', 403)],
    [
      'a table without capacity',
      new StateTableError('busy', ['id'], 'Busy.', ofSdk('ValidationException', 400)),
    ],
    [
      'a policy that can not be read',
      new PolicyUnreadable('/p', 'AccessDenied', ofSdk('AccessDeniedException', 400)),
    ],
    ['what is not known', new Error('Something happened.')],
    ['what is no error', 'text'],
  ])('is not %s', (_, error) => {
    expect(isRefusal(error)).toBe(false);
  });
});
