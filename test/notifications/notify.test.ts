import { describe, expect, it } from 'vitest';
import { at, list } from '../../lib/core/json.ts';
import type { Notification } from '../../lib/notifications/compose.ts';
import { DeliveryError, type DeliveryLog, type DeliveryTarget } from '../../lib/notifications/delivery.ts';
import {
  type NotifyDeps,
  type NotifyOptions,
  type NotifyResult,
  notify,
  retryDelays,
} from '../../lib/notifications/notify.ts';
import type { Delivery } from '../../lib/pipeline/live/batch.ts';
import { action, envelope, instance, transition } from './events.ts';
import { published, store, stores } from './published.ts';

const busy = new DeliveryError('busy', false);
const refused = new DeliveryError('refused', true);

/** A fake target that gives these answers, and then the last again and again: an error, or `undefined` for accepting. */
function target(name: string, ...answers: readonly (DeliveryError | undefined)[]) {
  const calls: Notification[] = [];
  const accepted: string[] = [];
  const made: DeliveryTarget = {
    name,
    kind: name.startsWith('webhook') ? 'webhook' : 'topic',
    async send(notification) {
      calls.push(notification);
      const answer = answers[Math.min(calls.length, answers.length) - 1];
      if (answer !== undefined) throw answer;
      accepted.push(notification.subject);
    },
  };
  return { ...made, calls, accepted };
}

/** A process with these targets, which remembers whom it notified, and whose queues are lists. */
function processWith(
  targets: readonly DeliveryTarget[],
  failing: { retry?: Error; deadLetter?: Error; published?: NotifyDeps['published'] } = {},
) {
  const retried: { body: unknown; delay: number }[] = [];
  const deadLetters: { body: string; reason: string }[] = [];
  let log: DeliveryLog | undefined;
  const take = async (
    batch: readonly Delivery[],
    remaining?: NotifyOptions['remaining'],
  ): Promise<NotifyResult> => {
    const options = {
      ...(log === undefined ? {} : { log }),
      ...(remaining === undefined ? {} : { remaining }),
    };
    const result = await notify(batch, options, {
      targets,
      published: failing.published ?? published,
      adviceFor: () => undefined,
      stage: 'dev',
      retry: async (body, delay) => {
        if (failing.retry !== undefined) throw failing.retry;
        retried.push({ body, delay });
      },
      deadLetter: async (body, reason) => {
        if (failing.deadLetter !== undefined) throw failing.deadLetter;
        deadLetters.push({ body, reason });
      },
    });
    log = result.log;
    return result;
  };
  return { take, retried, deadLetters };
}

let deliveries = 0;
/** A delivery of what Trailseal published. */
function delivery(body: string): Delivery {
  return forged(stores(body));
}

/** A delivery of whatever somebody put on the bus, or into the queue. */
function forged(body: string): Delivery {
  deliveries += 1;
  return { id: `delivery-${deliveries}`, body, receives: 1 };
}

/** For which targets, and as which attempt, a body was sent again or put into the DLQ. */
function rest(body: unknown): unknown {
  const own = at(typeof body === 'string' ? JSON.parse(body) : body, 'trailseal');
  return { targets: list(own, 'targets'), attempt: at(own, 'attempt') };
}

describe('a batch', () => {
  it('goes to every target', async () => {
    const [mail, chat] = [target('mail'), target('chat')];
    const { take } = processWith([mail, chat]);
    await take([delivery(envelope(transition()))]);
    expect([mail.accepted.length, chat.accepted.length]).toEqual([1, 1]);
  });

  it('is one notification for each kind', async () => {
    const mail = target('mail');
    const { take } = processWith([mail]);
    await take([
      ...Array.from({ length: 200 }, (_, index) => delivery(envelope(instance(index)))),
      delivery(envelope(action(), 'Action Done')),
    ]);
    expect(mail.accepted).toEqual([
      '[HIGH] ec2-transit-encryption FAILED: 200 instances, 111122223333 eu-central-1',
      '[HIGH] Quarantined: i-0abc1234567890def (ec2-transit-encryption), 111122223333 eu-central-1',
    ]);
  });

  it('notifies nobody of an event without news, and has handled it', async () => {
    const mail = target('mail');
    const { take } = processWith([mail]);
    const event = transition({ plan: { actions: [], skipped: [] } });
    const notified = await take([delivery(envelope(event))]);
    expect({ calls: mail.calls.length, ignored: notified.ignored, unhandled: notified.unhandled }).toEqual({
      calls: 0,
      ignored: 1,
      unhandled: [],
    });
  });

  it.each([
    ['not JSON', 'x', /^The message is not valid JSON/],
    ['not an event of the bus', '{"detail-type":"Other"}', /its detail-type is "Other"/],
    [
      'of another version',
      envelope(transition()).replace('"detail":{"version":1', '"detail":{"version":2'),
      /^The detail of the event "Control Failed" does not match this version's schema at version/,
    ],
    [
      'an action without a member',
      '{"detail-type":"Action Done","detail":{}}',
      /^The detail of the event "Action Done" does not match/,
    ],
  ])('puts an unreadable message into the DLQ: %s', async (_what, body, reason) => {
    const { take, deadLetters } = processWith([target('mail')]);
    await take([delivery(body)]);
    expect(deadLetters).toEqual([{ body, reason: expect.stringMatching(reason) }]);
  });

  it('notifies of the others all the same', async () => {
    const mail = target('mail');
    await processWith([mail]).take([delivery('x'), delivery(envelope(transition()))]);
    expect(mail.accepted).toHaveLength(1);
  });
});

describe('an event that comes twice', () => {
  it('in one batch is sent once', async () => {
    const mail = target('mail');
    await processWith([mail]).take([delivery(envelope(transition())), delivery(envelope(transition()))]);
    expect(mail.accepted).toHaveLength(1);
  });

  it('in two batches is sent once', async () => {
    const mail = target('mail');
    const { take } = processWith([mail]);
    await take([delivery(envelope(transition()))]);
    await take([delivery(envelope(transition()))]);
    expect(mail.accepted).toHaveLength(1);
  });

  it('is retried once', async () => {
    const { take, retried } = processWith([target('mail', busy)]);
    await take([delivery(envelope(transition())), delivery(envelope(transition()))]);
    expect(retried).toHaveLength(1);
  });
});

describe('a target that is busy', () => {
  it('is retried later, for itself alone', async () => {
    const { take, retried } = processWith([target('mail'), target('hook', busy)]);
    const { unhandled } = await take([delivery(envelope(transition()))]);
    expect(retried.map(({ body, delay }) => ({ delay, ...Object(rest(body)) }))).toEqual([
      { delay: 60, targets: ['hook'], attempt: 2 },
    ]);
    expect(unhandled).toEqual([]);
  });

  it('is notified then, and no other target is', async () => {
    const [mail, hook] = [target('mail'), target('hook', busy, undefined)];
    const first = processWith([mail, hook]);
    await first.take([delivery(envelope(transition()))]);
    // Another process, with an empty log.
    const second = processWith([mail, hook]);
    await second.take(first.retried.map(({ body }) => delivery(JSON.stringify(body))));
    expect({ mail: mail.accepted.length, hook: hook.accepted.length }).toEqual({ mail: 1, hook: 1 });
  });

  it('is not called for the other notifications of the batch', async () => {
    const hook = target('hook', busy);
    const { take, retried } = processWith([hook]);
    await take([delivery(envelope(transition())), delivery(envelope(instance(1)))]);
    expect({ calls: hook.calls.length, retried: retried.length }).toEqual({ calls: 1, retried: 2 });
  });

  it('is given up after the last delay, with the reason', async () => {
    const hook = target('hook', busy);
    let bodies: readonly string[] = [envelope(transition())];
    const delays: number[] = [];
    const put: { body: string; reason: string }[] = [];
    for (let rounds = 0; bodies.length > 0 && rounds < 20; rounds += 1) {
      const { take, retried, deadLetters } = processWith([hook]);
      await take(bodies.map(delivery));
      bodies = retried.map(({ body }) => JSON.stringify(body));
      delays.push(...retried.map(({ delay }) => delay));
      put.push(...deadLetters);
    }
    expect({ calls: hook.calls.length, delays, reasons: put.map(({ reason }) => reason) }).toEqual({
      calls: 4,
      delays: [...retryDelays],
      reasons: ['busy'],
    });
  });
});

describe('a target that refuses', () => {
  it('has the event put into the DLQ for itself alone, with the reason', async () => {
    const { take, retried, deadLetters } = processWith([target('mail'), target('hook', refused)]);
    await take([delivery(envelope(transition()))]);
    expect(deadLetters.map(({ body, reason }) => ({ reason, ...Object(rest(body)) }))).toEqual([
      { reason: 'refused', targets: ['hook'], attempt: 1 },
    ]);
    expect(retried).toEqual([]);
  });

  it('one notification gets the next', async () => {
    const hook = target('hook', refused, undefined);
    await processWith([hook]).take([delivery(envelope(transition())), delivery(envelope(instance(1)))]);
    expect(hook.accepted).toHaveLength(1);
  });

  it('is notified when its dead letter is redriven', async () => {
    const [mail, hook] = [target('mail'), target('hook', refused, undefined)];
    const { take, deadLetters } = processWith([mail, hook]);
    await take([delivery(envelope(transition()))]);
    await take(deadLetters.map(({ body }) => delivery(body)));
    expect({ mail: mail.accepted.length, hook: hook.accepted.length }).toEqual({ mail: 1, hook: 1 });
  });

  it('and is no longer part of the deployment has a redriven event put into the DLQ again', async () => {
    const first = processWith([target('hook', refused)]);
    await first.take([delivery(envelope(transition()))]);
    const second = processWith([target('mail')]);
    await second.take(first.deadLetters.map(({ body }) => delivery(body)));
    expect(second.deadLetters.map(({ reason }) => reason)).toEqual([
      'The deployment no longer has the hook.',
    ]);
  });
});

describe('when the queues fail too', () => {
  it.each([
    ['sent again', busy, { retry: new Error('no queue') }],
    ['put into the DLQ', refused, { deadLetter: new Error('no queue') }],
  ])('an event that can not be %s is delivered again', async (_what, answer, trouble) => {
    const { take } = processWith([target('hook', answer)], trouble);
    const one = delivery(envelope(transition()));
    const { unhandled } = await take([one, delivery(envelope(action(), 'Other'))]);
    expect(unhandled.map(({ delivery: id }) => id)).toContain(one.id);
  });

  it('a target that was notified is not notified again by this process', async () => {
    const mail = target('mail');
    const { take } = processWith([mail, target('hook', busy)], { retry: new Error('no queue') });
    await take([delivery(envelope(transition()))]);
    await take([delivery(envelope(transition()))]);
    expect(mail.accepted).toHaveLength(1);
  });
});

describe('without time', () => {
  it('nothing more is sent, and the event is retried', async () => {
    const mail = target('mail');
    const { take, retried } = processWith([mail]);
    await take([delivery(envelope(transition()))], () => 5_000);
    expect({ calls: mail.calls.length, retried: retried.length }).toEqual({ calls: 0, retried: 1 });
  });
});

describe('an event that Trailseal did not publish', () => {
  it.each([
    ['a failure', envelope(transition({ finding: 'trailseal/kms-key-disabled/1/eu-central-1/forged' }))],
    ['an action', envelope(action({ id: 'forged', because: 'Call +1 555 0100' }), 'Action Done')],
    ['a true finding with an id of its own', envelope(transition({ id: 'forged' }))],
  ])('is %s: nobody is notified of it, and it is in the DLQ', async (_what, body) => {
    const mail = target('mail');
    const { take, deadLetters } = processWith([mail]);
    await take([forged(body)]);
    expect(mail.calls).toEqual([]);
    expect(deadLetters).toEqual([{ body, reason: expect.stringMatching(/^Trailseal published no event/) }]);
  });

  it('and has the name of one that it did, says what was published', async () => {
    const mail = target('mail');
    const { take } = processWith([mail]);
    const detail = action({ id: 'true', because: 'The instance still fails.' });
    store({ kind: 'action', event: detail });
    await take([
      forged(
        envelope(
          {
            ...detail,
            because: 'All is well: see evil.example',
            outcome: 'undone',
            account: '444455556666',
            decision: { actor: 'operator', name: 'the CISO', reason: 'I said so.' },
          },
          'Action Undone',
        ),
      ),
    ]);
    const [notification] = mail.calls;
    expect(notification?.kind).toBe('done');
    expect(notification?.text).toContain('The instance still fails.');
    expect(JSON.stringify(notification)).not.toMatch(/evil|CISO|444455556666/);
  });

  it('is not distinguished from one that it did while the state table can’t be read: then it is delivered again', async () => {
    const mail = target('mail');
    const { take, deadLetters } = processWith([mail], {
      published: async () => {
        throw new Error('busy');
      },
    });
    const one = delivery(envelope(transition()));
    const { unhandled } = await take([one]);
    expect(unhandled).toMatchObject([{ delivery: one.id }]);
    expect([mail.calls, deadLetters]).toEqual([[], []]);
  });
});
