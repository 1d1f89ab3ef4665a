import { describe, expect, it } from 'vitest';
import { onceMore, parseRemediation, remediateBody, requestBody } from '../../lib/remediation/message.ts';

const occasion = {
  finding: 'trailseal/kms-key-disabled/111122223333/eu-central-1/k',
  openedAt: null,
  since: 1_700,
  reminder: false,
};
const order = {
  id: 'event-1 finding',
  finding: occasion.finding,
  what: 'fix',
  by: 'an operator',
  why: 'Somebody pressed "Fix".',
  at: '2026-11-21T10:00:00.000Z',
} as const;

describe('a message of remediation', () => {
  it('is the end of a grace period, with the occasion that it began with', () => {
    const body = JSON.stringify(remediateBody(occasion));
    expect(parseRemediation(body)).toEqual({
      kind: 'occasion',
      occasion,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it('is one of an earlier version, which knew of no reminders', () => {
    const { reminder: _, ...earlier } = occasion;
    const body = JSON.stringify({ trailseal: { version: 1, kind: 'remediate', occasion: earlier } });
    expect(parseRemediation(body)).toEqual({
      kind: 'occasion',
      occasion,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it("is an operator's order", () => {
    expect(parseRemediation(JSON.stringify(requestBody(order)))).toEqual({
      kind: 'order',
      order,
      attempt: 1,
      partiallyCompleted: false,
    });
  });

  it('says how often it was handled, when it comes once more', () => {
    const again = JSON.stringify(onceMore(requestBody(order), { attempt: 2, partiallyCompleted: true }));
    expect(parseRemediation(again)).toEqual({ kind: 'order', order, attempt: 2, partiallyCompleted: true });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['another event', '{"source":"aws.ec2","detail":{}}', /no event of "trailseal"/],
    [
      'a transition that lacks something',
      '{"source":"trailseal","detail":{"version":1}}',
      /detail is no transition/,
    ],
    [
      'an occasion without a finding',
      '{"trailseal":{"occasion":{"openedAt":null,"since":1}}}',
      /its occasion/,
    ],
    [
      'an order of what nobody can order',
      JSON.stringify({ trailseal: { order: { ...order, what: 'tag' } } }),
      /its order/,
    ],
  ])('is malformed, with the reason: %s', (_what, body, reason) => {
    const message = parseRemediation(body);
    expect(message.kind === 'malformed' && message.reason).toMatch(reason);
  });
});
