/** Names, tags, user agents and reasons are untrusted words: whatever they hold, they stay data. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatJson, compose, type Notification } from '../../lib/notifications/compose.ts';
import { triggerOfAction, triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { action, transition } from './events.ts';
import { shownInChat, withoutOurs } from './shown.ts';

const nasty = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|here>',
    '<https://evil.example|your bank>',
    '[your bank](https://evil.example)',
    '![x](https://evil.example/x.png)',
    '@here @channel @everyone',
    '*bold* _italic_ ~deleted~ `code` ```block```',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a\nINJECTED',
    'a\r\nINJECTED',
    'a\u2028INJECTED\u2029INJECTED\u0085INJECTED',
    '\u001b[2J\u0007\u0000',
    '\u202egpj.exe\u2066',
    'zero\u200bwidth\ufeff',
    '\ud800',
    'x'.repeat(5_000),
    '&lt;!channel&gt;',
    'www.evil.example',
    '__proto__',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 100 }),
);
const words = fc.array(nasty, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' '));

const notifications = fc
  .record({ a: words, b: words, c: words, d: words, e: words, f: words, several: fc.boolean() })
  .map(({ a, b, c, d, e, f, several }): Notification => {
    const about = {
      account: a,
      region: b,
      control: { id: c, title: d },
      resource: { type: e, id: f, arn: a },
    };
    const failure = transition({
      ...about,
      finding: `trailseal/${f}`,
      summary: b,
      required: c,
      at: d,
      actor: { type: a, arn: b, name: c, sourceIp: d, userAgent: e },
      exemption: { state: 'expired', from: 'tag', reason: f, owner: a, expires: b },
      plan: {
        actions: [
          { action: 'notify', reason: a },
          { action: b, reason: c },
        ],
        skipped: [{ action: d, because: e, reason: f }],
      },
    });
    const actionRun = action({
      ...about,
      finding: c,
      action: d,
      because: e,
      plan: [f, a],
      due: b,
      undo: c,
      at: d,
      decision: { actor: 'operator', name: e, reason: f },
      actor: { type: b, arn: c, name: d, account: e, sourceIp: f, userAgent: a },
      summary: d,
      skippedBecause: b,
    });
    const triggers = several
      ? [
          triggerOfTransition(failure),
          triggerOfTransition({ ...failure, id: 'other', finding: `other ${f}` }),
        ]
      : [a.length % 2 === 0 ? triggerOfTransition(failure) : triggerOfAction(actionRun)];
    const [notification] = compose(
      triggers.flatMap((trigger) => trigger ?? []),
      () => undefined,
      'dev',
    );
    if (notification === undefined) throw new Error('nothing was composed');
    return notification;
  });

const runs = { numRuns: 500 };

describe('whatever untrusted words hold', () => {
  it('a subject is one line of printable ASCII, without tags, of fewer than 100 characters', () => {
    fc.assert(
      fc.property(notifications, ({ subject }) => {
        expect(subject).toMatch(/^(?!.*[<>])[\x20-\x7e]{1,99}$/);
      }),
      runs,
    );
  });

  it('a text has no control or format characters and no tags', () => {
    fc.assert(
      fc.property(notifications, ({ text }) => {
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}<>]/u);
      }),
      runs,
    );
  });

  it('no line of a text or of chat is untrusted', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        const shown = [notification.text, ...shownInChat(notification)];
        expect(shown.filter((text) => /^\s*INJECTED/m.test(text))).toEqual([]);
      }),
      runs,
    );
  });

  it('chat has no untrusted entity, mention, link or markup', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        const shown = shownInChat(notification).map(withoutOurs);
        expect(shown.filter((text) => /[<>*~`[\]|@]|:\/\/|www\.|\b_\B|\B_\b/.test(text))).toEqual([]);
      }),
      runs,
    );
  });

  it('chat has no mention or entity even in code', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        expect(shownInChat(notification).filter((text) => /[<>@]/.test(text))).toEqual([]);
      }),
      runs,
    );
  });

  it('chat has no control characters but line breaks of its own', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        const shown = shownInChat(notification).map((text) => text.replaceAll('\n', ''));
        expect(shown.filter((text) => /[\p{C}\p{Zl}\p{Zp}]/u.test(text))).toEqual([]);
      }),
      runs,
    );
  });

  it('JSON parses, and has no markup of a page and no character that SNS refuses', () => {
    fc.assert(
      fc.property(notifications, (notification) => {
        for (const json of [notification.json, chatJson(notification)]) {
          expect(() => JSON.parse(json)).not.toThrow();
          expect(json).not.toMatch(/[<>&\p{C}\p{Zl}\p{Zp}]/u);
        }
      }),
      runs,
    );
  });

  it('text and JSON together are smaller than the maximum of SNS', () => {
    fc.assert(
      fc.property(notifications, ({ subject, text, json }) => {
        const both = JSON.stringify({ default: json, email: text, sms: subject });
        expect(Buffer.byteLength(both)).toBeLessThan(250 * 1024);
      }),
      runs,
    );
  });
});
