/**
 * Publishing to a Security Hub that fails in exactly the documented ways: the SDK is mocked, for moto refuses
 * nothing that the SDK lets through, throttles nobody and is never switched off.
 */
import { describe, expect, it } from 'vitest';
import { asffOf, publisherBefore, someFindings, throws } from './publishing.ts';

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `f${from + index}`);
const works = () => ({});

describe('publishing', () => {
  it('accepts what Security Hub takes', async () => {
    const hub = publisherBefore(works);
    expect(await hub.publish(someFindings(3))).toEqual({
      accepted: ['f1', 'f2', 'f3'],
      refused: [],
      deferred: [],
    });
  });

  it('makes no call for nothing', async () => {
    const hub = publisherBefore(works);
    await hub.publish([]);
    expect(hub.calls).toEqual([]);
  });

  it('sends a hundred findings a call', async () => {
    const hub = publisherBefore(works);
    await hub.publish(someFindings(250));
    expect(hub.calls.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('sends at most 6 MB a call', async () => {
    const sizes: number[] = [];
    const hub = publisherBefore((_ids, input) => {
      sizes.push(Buffer.byteLength(JSON.stringify(input)));
      return {};
    });
    await hub.publish(someFindings(60, { Description: 'ü'.repeat(100_000) }));
    expect(sizes).toHaveLength(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6_000_000);
  });

  it('never mixes accounts in a call', async () => {
    const hub = publisherBefore(works);
    const other = asffOf('other', { AwsAccountId: '444455556666' });
    await hub.publish([asffOf('f1'), other, asffOf('f2')]);
    expect(hub.calls).toEqual([['f1', 'f2'], ['other']]);
  });

  it('sends only the latest of several states of a finding', async () => {
    const sent: unknown[] = [];
    const hub = publisherBefore((_ids, input) => {
      sent.push(...(input.Findings ?? []).map(({ UpdatedAt }) => UpdatedAt));
      return {};
    });
    const times = ['2026-11-21T10:00:01.000Z', '2026-11-21T10:00:03.000Z', '2026-11-21T10:00:02.000Z'];
    const { accepted } = await hub.publish(times.map((UpdatedAt) => asffOf('f1', { UpdatedAt })));
    expect([accepted, sent]).toEqual([['f1'], ['2026-11-21T10:00:03.000Z']]);
  });

  it('makes 30 calls at once and 10 a second from then on', async () => {
    const hub = publisherBefore(works);
    await hub.publish(someFindings(3_300));
    expect(hub.calls).toHaveLength(33);
    expect(hub.waits).toEqual([100, 100, 100]);
  });
});

describe('a finding that Security Hub refuses', () => {
  it('is tried once alone, and then refused with its own reason', async () => {
    const hub = publisherBefore((sent) => (sent.includes('f2') ? { f2: 'InvalidInput' } : {}));
    expect(await hub.publish(someFindings(3))).toEqual({
      accepted: ['f1', 'f3'],
      refused: [{ id: 'f2', code: 'InvalidInput', message: 'f2 is bad' }],
      deferred: [],
    });
    expect(hub.calls).toEqual([['f1', 'f2', 'f3'], ['f2']]);
  });

  it('is accepted when it is taken alone', async () => {
    const hub = publisherBefore((sent) => (sent.length > 1 ? { f2: 'InvalidInput' } : {}));
    expect(await hub.publish(someFindings(3))).toMatchObject({ accepted: ['f1', 'f3', 'f2'], refused: [] });
  });

  it.each([
    ['InvalidInputException', 400],
    ['ValidationException', 400],
    ['SerializationException', 400],
    ['UnknownError', 413],
  ])('is found by halves when it fails the whole call: %s', async (name, status) => {
    const hub = publisherBefore((sent) => (sent.includes('f6') ? throws(name, status) : {}));
    const { accepted, refused } = await hub.publish(someFindings(8));
    expect(accepted.toSorted()).toEqual(['f1', 'f2', 'f3', 'f4', 'f5', 'f7', 'f8']);
    expect(refused).toEqual([{ id: 'f6', code: name, message: 'as the test has it' }]);
    expect(hub.calls).toEqual([ids(1, 8), ids(1, 4), ids(5, 8), ids(5, 6), ['f5'], ['f6'], ids(7, 8)]);
  });

  it('is refused for lack of access while others are taken', async () => {
    const hub = publisherBefore((sent) => (sent.includes('f2') ? { f2: 'InvalidAccess' } : {}));
    const { refused, off } = await hub.publish(someFindings(3));
    expect([refused.map(({ id }) => id), off]).toEqual([['f2'], undefined]);
  });

  it('gives its reason in one line, whatever is in it', async () => {
    const hub = publisherBefore(() => throws('ValidationException', 400, 'bad\r\nid\u001b[31mi-0abc'));
    const { refused } = await hub.publish([asffOf('f1')]);
    expect(refused).toEqual([{ id: 'f1', code: 'ValidationException', message: 'bad id [31mi-0abc' }]);
  });

  it('is never sent when it is too large whatever is left out', async () => {
    const hub = publisherBefore(works);
    const large = asffOf('f1', { Description: 'x'.repeat(250_000) });
    const { accepted, refused } = await hub.publish([large, asffOf('f2')]);
    expect([accepted, hub.calls]).toEqual([['f2'], [['f2']]]);
    expect(refused).toMatchObject([{ id: 'f1', code: 'FindingTooLarge' }]);
  });
});

describe('a finding that Security Hub cannot take just now', () => {
  it.each(['ThrottlingException', 'InternalException', 'LimitExceededException', 'InternalError'])(
    'is tried again, without the others: %s',
    async (code) => {
      let failures = 2;
      const hub = publisherBefore(() => (failures-- > 0 ? { f2: code } : {}));
      expect(await hub.publish(someFindings(3))).toMatchObject({
        accepted: ['f1', 'f3', 'f2'],
        deferred: [],
      });
      expect(hub.calls).toEqual([['f1', 'f2', 'f3'], ['f2'], ['f2']]);
      expect(hub.waits).toEqual([500, 1_000]);
    },
  );

  it('is deferred after five tries', async () => {
    const hub = publisherBefore((sent) => (sent.includes('f2') ? { f2: 'InternalException' } : {}));
    expect(await hub.publish(someFindings(3))).toEqual({
      accepted: ['f1', 'f3'],
      refused: [],
      deferred: [{ id: 'f2', reason: 'InternalException: f2 is bad' }],
    });
    expect(hub.calls).toHaveLength(5);
  });

  it('is tried again when Security Hub counts more failures than it names', async () => {
    const hub = publisherBefore((sent) =>
      sent.length > 1 ? { f1: 'InternalException', nobody: 'InternalException' } : {},
    );
    const { accepted, deferred } = await hub.publish(someFindings(2));
    expect([accepted, deferred.map(({ id }) => id)]).toEqual([[], ['f1', 'f2']]);
  });
});

describe('a Security Hub out of order', () => {
  it.each([
    ['throttles', 'ThrottlingException', 429],
    ['has had too many', 'LimitExceededException', 429],
    ['fails', 'InternalException', 500],
    ['is not there', 'ServiceUnavailableException', 503],
  ])('that %s is asked again, longer apart each time', async (_what, name, status) => {
    let failures = 3;
    const hub = publisherBefore(() => (failures-- > 0 ? throws(name, status) : {}));
    expect(await hub.publish(someFindings(2))).toMatchObject({ accepted: ['f1', 'f2'] });
    expect(hub.waits).toEqual([500, 1_000, 2_000]);
  });

  it('defers everything after five tries of the first call', async () => {
    const hub = publisherBefore(() => throws('InternalException', 500));
    const { accepted, refused, deferred, off } = await hub.publish(someFindings(101));
    expect([accepted, refused, off, hub.calls.length]).toEqual([[], [], undefined, 5]);
    expect(deferred.map(({ id }) => id)).toEqual(ids(1, 101));
    expect(new Set(deferred.map(({ reason }) => reason))).toEqual(
      new Set(['InternalException: as the test has it']),
    );
  });

  it('defers findings for which there is no time, when each needs a call of its own', async () => {
    const hub = publisherBefore((sent) => Object.fromEntries(sent.map((id) => [id, 'InvalidInput'])));
    const { refused, deferred } = await hub.publish(someFindings(1_000));
    // 30 calls at once, then 10 a second for 45 seconds.
    expect(hub.calls).toHaveLength(480);
    expect(refused.length + deferred.length).toBe(1_000);
    expect(deferred.at(-1)).toEqual({ id: 'f1000', reason: 'there was no time left to import it' });
  });

  it('keeps what it took before', async () => {
    const hub = publisherBefore((sent) =>
      sent.includes('f1') ? { f2: 'ThrottlingException' } : throws('InternalException', 500),
    );
    const { accepted, deferred } = await hub.publish(someFindings(150));
    expect(accepted).toEqual(['f1', ...ids(3, 100)]);
    expect(deferred.map(({ id }) => id)).toEqual(['f2', ...ids(101, 150)]);
    expect(deferred[0]?.reason).toBe('ThrottlingException: f2 is bad');
  });
});

describe('a Security Hub that is off', () => {
  const notEnabled = {
    because: 'not-enabled',
    account: '111122223333',
    message: expect.stringMatching(/^Security Hub is not enabled in account 111122223333.*enable it there/),
  };

  it('is known from the call, and ends the publication', async () => {
    const hub = publisherBefore(() => throws('InvalidAccessException', 401));
    expect(await hub.publish(someFindings(250))).toEqual({
      accepted: [],
      refused: [],
      deferred: [],
      off: notEnabled,
    });
    expect([hub.calls.length, hub.waits]).toEqual([1, []]);
  });

  it('is known from every finding of a call, and ends the publication', async () => {
    const hub = publisherBefore((sent) => Object.fromEntries(sent.map((id) => [id, 'InvalidAccess'])));
    expect(await hub.publish(someFindings(250))).toEqual({
      accepted: [],
      refused: [],
      deferred: [],
      off: notEnabled,
    });
    expect(hub.calls).toHaveLength(1);
  });

  it('is known from the only finding of a call', async () => {
    const hub = publisherBefore(() => ({ f1: 'InvalidAccess' }));
    expect(await hub.publish([asffOf('f1')])).toMatchObject({ refused: [], off: notEnabled });
  });

  it('is distinguished from one that denies access', async () => {
    const hub = publisherBefore(() => throws('AccessDeniedException', 403));
    const { off } = await hub.publish([asffOf('f1')]);
    expect(off).toMatchObject({
      because: 'denied',
      message: expect.stringContaining('allow securityhub:BatchImportFindings'),
    });
  });

  it('keeps what was taken before it was switched off', async () => {
    const hub = publisherBefore((sent) => (sent.includes('f1') ? {} : throws('InvalidAccessException', 401)));
    expect(await hub.publish(someFindings(150))).toMatchObject({ accepted: ids(1, 100), off: notEnabled });
  });
});

describe('a mistake of our own', () => {
  it('is thrown, and taken for no answer', async () => {
    const hub = publisherBefore(() => {
      throw new TypeError('a mistake');
    });
    await expect(hub.publish([asffOf('f1')])).rejects.toThrow('a mistake');
  });
});
