import { describe, expect, it } from 'vitest';
import { at, list } from '../../lib/core/json.ts';
import type { Notification } from '../../lib/notifications/compose.ts';
import { DeliveryError } from '../../lib/notifications/delivery-error.ts';
import { Notifier, retryDelays } from '../../lib/notifications/notifier.ts';
import type { Target } from '../../lib/notifications/target.ts';
import type { Delivery } from '../../lib/pipeline/live/batch.ts';
import { action, envelope, instance, transition } from './events.ts';

const busy = new DeliveryError('busy', false);
const refused = new DeliveryError('refused', true);

/** A target that answers as told: with an error, or `undefined` for taking it; the last answer for ever. */
function target(name: string, ...answers: readonly (DeliveryError | undefined)[]) {
  const asked: Notification[] = [];
  const taken: string[] = [];
  const made: Target = {
    name,
    async send(notification) {
      asked.push(notification);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer !== undefined) throw answer;
      taken.push(notification.subject);
    },
  };
  return { ...made, asked, taken };
}

function setting(targets: readonly Target[], trouble: { again?: Error; deadLetter?: Error } = {}) {
  const again: { body: unknown; delay: number }[] = [];
  const deadLetters: { body: string; reason: string }[] = [];
  const notifier = new Notifier({
    targets,
    adviceFor: () => undefined,
    stage: 'dev',
    again: async (body, delay) => {
      if (trouble.again !== undefined) throw trouble.again;
      again.push({ body, delay });
    },
    deadLetter: async (body, reason) => {
      if (trouble.deadLetter !== undefined) throw trouble.deadLetter;
      deadLetters.push({ body, reason });
    },
  });
  return { notifier, again, deadLetters };
}

let deliveries = 0;
function delivery(body: string): Delivery {
  deliveries += 1;
  return { id: `delivery-${deliveries}`, body, receives: 1 };
}

/** What is said to be done with a body that was sent again or put aside. */
function rest(body: unknown): unknown {
  const own = at(typeof body === 'string' ? JSON.parse(body) : body, 'trailseal');
  return { targets: list(own, 'targets'), attempt: at(own, 'attempt') };
}

describe('a batch', () => {
  it('is told to every target', async () => {
    const [mail, chat] = [target('mail'), target('chat')];
    const { notifier } = setting([mail, chat]);
    await notifier.take([delivery(envelope(transition()))]);
    expect([mail.taken.length, chat.taken.length]).toEqual([1, 1]);
  });

  it('is one message of a kind', async () => {
    const mail = target('mail');
    const { notifier } = setting([mail]);
    await notifier.take([
      ...Array.from({ length: 200 }, (_, index) => delivery(envelope(instance(index)))),
      delivery(envelope(action(), 'Action')),
    ]);
    expect(mail.taken).toEqual([
      '[HIGH] ec2-transit-encryption: 200 instances fail, 111122223333 eu-central-1',
      '[HIGH] ec2-transit-encryption: i-0abc1234567890def: quarantine is done, 111122223333 eu-central-1',
    ]);
  });

  it('tells nobody of what is no news, and has handled it', async () => {
    const mail = target('mail');
    const { notifier } = setting([mail]);
    const event = transition({ plan: { actions: [], skipped: [] } });
    const notified = await notifier.take([delivery(envelope(event))]);
    expect({ asked: mail.asked.length, ignored: notified.ignored, unhandled: notified.unhandled }).toEqual({
      asked: 0,
      ignored: 1,
      unhandled: [],
    });
  });

  it.each([
    ['no JSON', 'x', /^It is no JSON/],
    ['no event of the bus', '{"detail-type":"Other"}', /its detail-type is "Other"/],
    [
      'of another version',
      envelope(transition()).replace('"detail":{"version":1', '"detail":{"version":2'),
      /^A detail of Control Failed is not as this version knows it at version/,
    ],
    ['an action without a member', '{"detail-type":"Action","detail":{}}', /^A detail of Action is not as/],
  ])('puts aside what can not be read: %s', async (_what, body, reason) => {
    const { notifier, deadLetters } = setting([target('mail')]);
    await notifier.take([delivery(body)]);
    expect(deadLetters).toEqual([{ body, reason: expect.stringMatching(reason) }]);
  });

  it('tells of the others all the same', async () => {
    const mail = target('mail');
    await setting([mail]).notifier.take([delivery('x'), delivery(envelope(transition()))]);
    expect(mail.taken).toHaveLength(1);
  });
});

describe('an event that comes twice', () => {
  it('in one batch is told once', async () => {
    const mail = target('mail');
    await setting([mail]).notifier.take([delivery(envelope(transition())), delivery(envelope(transition()))]);
    expect(mail.taken).toHaveLength(1);
  });

  it('in two batches is told once', async () => {
    const mail = target('mail');
    const { notifier } = setting([mail]);
    await notifier.take([delivery(envelope(transition()))]);
    await notifier.take([delivery(envelope(transition()))]);
    expect(mail.taken).toHaveLength(1);
  });

  it('is tried again once', async () => {
    const { notifier, again } = setting([target('mail', busy)]);
    await notifier.take([delivery(envelope(transition())), delivery(envelope(transition()))]);
    expect(again).toHaveLength(1);
  });
});

describe('a target that is busy', () => {
  it('is tried again later, by itself', async () => {
    const { notifier, again } = setting([target('mail'), target('hook', busy)]);
    const { unhandled } = await notifier.take([delivery(envelope(transition()))]);
    expect(again.map(({ body, delay }) => ({ delay, ...Object(rest(body)) }))).toEqual([
      { delay: 60, targets: ['hook'], attempt: 2 },
    ]);
    expect(unhandled).toEqual([]);
  });

  it('is told then, and nobody else is', async () => {
    const [mail, hook] = [target('mail'), target('hook', busy, undefined)];
    const first = setting([mail, hook]);
    await first.notifier.take([delivery(envelope(transition()))]);
    // Another process: it remembers nothing.
    const second = setting([mail, hook]);
    await second.notifier.take(first.again.map(({ body }) => delivery(JSON.stringify(body))));
    expect({ mail: mail.taken.length, hook: hook.taken.length }).toEqual({ mail: 1, hook: 1 });
  });

  it('is not asked for the other messages of the batch', async () => {
    const hook = target('hook', busy);
    const { notifier, again } = setting([hook]);
    await notifier.take([delivery(envelope(transition())), delivery(envelope(instance(1)))]);
    expect({ asked: hook.asked.length, again: again.length }).toEqual({ asked: 1, again: 2 });
  });

  it('is given up some time, with the reason', async () => {
    const hook = target('hook', busy);
    let bodies: readonly string[] = [envelope(transition())];
    const delays: number[] = [];
    const put: { body: string; reason: string }[] = [];
    for (let rounds = 0; bodies.length > 0 && rounds < 20; rounds += 1) {
      const { notifier, again, deadLetters } = setting([hook]);
      await notifier.take(bodies.map(delivery));
      bodies = again.map(({ body }) => JSON.stringify(body));
      delays.push(...again.map(({ delay }) => delay));
      put.push(...deadLetters);
    }
    expect({ asked: hook.asked.length, delays, reasons: put.map(({ reason }) => reason) }).toEqual({
      asked: 4,
      delays: [...retryDelays],
      reasons: ['busy'],
    });
  });
});

describe('a target that refuses', () => {
  it('has the event put aside for it alone, with the reason', async () => {
    const { notifier, again, deadLetters } = setting([target('mail'), target('hook', refused)]);
    await notifier.take([delivery(envelope(transition()))]);
    expect(deadLetters.map(({ body, reason }) => ({ reason, ...Object(rest(body)) }))).toEqual([
      { reason: 'refused', targets: ['hook'], attempt: 1 },
    ]);
    expect(again).toEqual([]);
  });

  it('one message is asked for the next', async () => {
    const hook = target('hook', refused, undefined);
    await setting([hook]).notifier.take([delivery(envelope(transition())), delivery(envelope(instance(1)))]);
    expect(hook.taken).toHaveLength(1);
  });

  it('is told when its dead letter is redriven', async () => {
    const [mail, hook] = [target('mail'), target('hook', refused, undefined)];
    const { notifier, deadLetters } = setting([mail, hook]);
    await notifier.take([delivery(envelope(transition()))]);
    await notifier.take(deadLetters.map(({ body }) => delivery(body)));
    expect({ mail: mail.taken.length, hook: hook.taken.length }).toEqual({ mail: 1, hook: 1 });
  });

  it('and is no more part of the deployment when it is redriven has it put aside again', async () => {
    const first = setting([target('hook', refused)]);
    await first.notifier.take([delivery(envelope(transition()))]);
    const second = setting([target('mail')]);
    await second.notifier.take(first.deadLetters.map(({ body }) => delivery(body)));
    expect(second.deadLetters.map(({ reason }) => reason)).toEqual([
      'The deployment does not have the hook any more.',
    ]);
  });
});

describe('when the queues fail too', () => {
  it.each([
    ['sent again', busy, { again: new Error('no queue') }],
    ['put aside', refused, { deadLetter: new Error('no queue') }],
  ])('what can not be %s is delivered again', async (_what, answer, trouble) => {
    const { notifier } = setting([target('hook', answer)], trouble);
    const one = delivery(envelope(transition()));
    const { unhandled } = await notifier.take([one, delivery(envelope(action(), 'Other'))]);
    expect(unhandled.map(({ delivery: id }) => id)).toContain(one.id);
  });

  it('who was told is not told again by this process', async () => {
    const mail = target('mail');
    const { notifier } = setting([mail, target('hook', busy)], { again: new Error('no queue') });
    await notifier.take([delivery(envelope(transition()))]);
    await notifier.take([delivery(envelope(transition()))]);
    expect(mail.taken).toHaveLength(1);
  });
});

describe('without time', () => {
  it('nothing more is sent, and it is told later', async () => {
    const mail = target('mail');
    const { notifier, again } = setting([mail]);
    await notifier.take([delivery(envelope(transition()))], () => 5_000);
    expect({ asked: mail.asked.length, again: again.length }).toEqual({ asked: 0, again: 1 });
  });
});
