import { describe, expect, it } from 'vitest';
import { breakerJson, breakerText, breakerView, closedText } from '../../cli/breaker/text.ts';
import type { LimitState } from '../../lib/remediation/limits.ts';
import { put, trailseal, workFolder } from './command.ts';

const now = Date.parse('2026-11-21T10:00:00.000Z');
const limits = { perAccount: 2, total: 5 };
const state: LimitState = {
  runs: [
    { name: 'a', account: '111122223333', at: now - 3_600_000 },
    { name: 'b', account: '111122223333', at: now - 3_599_999 },
    { name: 'c', account: '444455556666', at: now - 60_000 },
    { name: 'd', account: '444455556666', at: now },
  ],
  breaker: { since: now - 90 * 60_000, because: 'The guardrail allows 2 fixes an hour.' },
};
const reset = {
  at: now - 60_000,
  actor: 'arn:aws:iam::111122223333:user/ana',
  reason: 'It was one pipeline.',
};
const view = breakerView('fix', state, limits, now);
const idle = breakerView('tag', { runs: [], breaker: undefined }, limits, now);

describe('the state of a breaker', () => {
  it('counts what was done in the last hour by account, most first', () => {
    expect(view.used).toEqual([
      { account: '444455556666', count: 2 },
      { account: '111122223333', count: 1 },
    ]);
  });

  it('is told with since when it is open, and why', () => {
    expect(breakerText(view, now)).toBe(
      [
        'fix: OPEN since 2026-11-21T08:30:00.000Z (90 minutes ago): The guardrail allows 2 fixes an hour.',
        '  in the last hour: 3 (2 in 444455556666, 1 in 111122223333); allowed: 2 in an account, 5 in all',
        '  no fix is done until somebody closes it',
      ].join('\n'),
    );
  });

  it('is told in short where nothing was done', () => {
    expect(breakerText(idle, now)).toBe(
      'tag: closed\n  in the last hour: none; allowed: 2 in an account, 5 in all',
    );
  });

  it('is told with who closed it last, when and why', () => {
    const closedOnce = breakerView('tag', { runs: [], breaker: undefined, reset }, limits, now);
    expect(breakerText(closedOnce, now)).toBe(
      'tag: closed\n  in the last hour: none; allowed: 2 in an account, 5 in all\n' +
        '  last closed 2026-11-21T09:59:00.000Z by arn:aws:iam::111122223333:user/ana: It was one pipeline.',
    );
  });

  it('is told to programs with who closed it last, when and why', () => {
    const closedOnce = breakerView('tag', { runs: [], breaker: undefined, reset }, limits, now);
    expect(breakerJson(closedOnce)['lastClosed']).toEqual({
      at: '2026-11-21T09:59:00.000Z',
      by: reset.actor,
      why: reset.reason,
    });
  });

  it('is told to programs', () => {
    expect([breakerJson(view), breakerJson(idle)]).toEqual([
      {
        kind: 'fix',
        open: true,
        since: '2026-11-21T08:30:00.000Z',
        because: 'The guardrail allows 2 fixes an hour.',
        lastClosed: null,
        usedInLastHour: view.used,
        limits,
      },
      { kind: 'tag', open: false, since: null, because: null, lastClosed: null, usedInLastHour: [], limits },
    ]);
  });

  it('escapes what the table holds', () => {
    const state = {
      runs: [],
      breaker: { since: now, because: '\u001b[2J' },
      reset: { at: now, actor: '\u001b[3J', reason: '\u001b[4J' },
    };
    const text = breakerText(breakerView('fix', state, limits, now), now);
    expect([2, 3, 4].filter((number) => text.includes(String.raw`\u{1b}[${number}J`))).toEqual([2, 3, 4]);
  });
});

describe('a breaker that was closed', () => {
  it('is told with what that allows', () => {
    expect(closedText(view, true, 'trailseal.policy.yml')).toBe(
      'The breaker of fix is closed. From now on fix is done again, in an hour at most: 2 in an account, 5 in all ' +
        '(policy: trailseal.policy.yml). What was used of the last hour counts no more. ' +
        'What was held back meanwhile is taken up again by the next scheduled scan.',
    );
  });

  it('before is told so', () => {
    expect(closedText(view, false, 'trailseal.policy.yml')).toBe(
      'The breaker of fix was closed already; nothing was changed.',
    );
  });
});

describe('trailseal breaker', () => {
  it.each<[readonly string[], string]>([
    [['show', 'notify'], 'breaker takes one of: tag, quarantine, fix; not notify'],
    [['close', 'notify'], 'breaker takes one of: tag, quarantine, fix; not notify'],
    [['close'], "missing required argument 'kind'"],
    [['close', 'fix'], 'breaker close asks before it changes anything, and there is no terminal: use --yes'],
    [['close', 'fix', '--yes'], 'breaker close --yes needs --reason "…", for the audit trail'],
    [['close', 'fix', '--yes', '--reason', ' '], 'breaker close takes a reason that says something'],
    [['show', '--stage', 'A'], '--stage takes lower-case letters'],
    [['show', '--region', 'here'], '--region takes a Region'],
    [['show', '--policy', 'wrong.yml'], 'the policy was not used'],
  ])('%j is wrong usage', (args, text) => {
    const folder = workFolder();
    put(folder, 'wrong.yml', 'version: 2');
    const { code, stderr } = trailseal(folder, ['breaker', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
