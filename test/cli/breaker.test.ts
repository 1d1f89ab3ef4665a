import { describe, expect, it } from 'vitest';
import { breakerJson, breakerText, breakerView, resetDoneText } from '../../cli/breaker/text.ts';
import { type LimitState, noRuns } from '../../lib/remediation/limits.ts';
import { put, trailseal, workFolder } from './command.ts';

const now = Date.parse('2026-11-21T10:00:00.000Z');
const limits = { perAccount: 2, perActor: 1, total: 5, reservedForCritical: 30 };
const deploy = 'arn:aws:iam::111122223333:role/Deploy';
const state: LimitState = {
  runs: [
    { name: 'a', account: '111122223333', region: 'eu-central-1', at: now - 3_600_000, part: 'general' },
    {
      name: 'b',
      account: '111122223333',
      region: 'eu-central-1',
      at: now - 3_599_999,
      actor: deploy,
      part: 'general',
    },
    { name: 'c', account: '444455556666', region: 'eu-central-1', at: now - 60_000, part: 'general' },
    { name: 'd', account: '444455556666', region: 'eu-central-1', at: now, actor: deploy, part: 'reserved' },
  ],
  waiting: [
    {
      name: 'e',
      finding: 'trailseal/kms-key-rotation/111122223333/eu-central-1/k',
      severity: 'MEDIUM',
      account: '111122223333',
      region: 'eu-central-1',
      actor: deploy,
      since: now - 60_000,
      due: now + 3_600_000,
    },
  ],
  breakers: [
    { account: '111122223333', since: now - 90 * 60_000, because: 'The guardrail allows 2 fixes an hour.' },
  ],
};
const reset = {
  at: now - 60_000,
  actor: 'arn:aws:iam::111122223333:user/ana',
  reason: 'It was one pipeline.',
};
const view = breakerView('fix', state, limits, now);
const idle = breakerView('tag', noRuns, limits, now);

describe('the state of a breaker', () => {
  it('counts what was done in the last hour by account, most first', () => {
    expect(view.used).toEqual([
      { account: '444455556666', count: 2 },
      { account: '111122223333', count: 1 },
    ]);
  });

  it('has since when it is open, and why', () => {
    expect(breakerText(view, now)).toBe(
      [
        'fix: OPEN in account 111122223333 since 2026-11-21T08:30:00.000Z (90 minutes ago): The guardrail allows 2 fixes an hour.',
        '  actions in the last hour: 3 (2 in 444455556666, 1 in 111122223333); limit: 2 per account, 5 in total',
        `  for all findings: 2 (1 because of ${deploy}, 1 requested by operators); limit: 1 because of one principal, 1 per account, 3 in total`,
        `  for CRITICAL findings alone: 1 (1 because of ${deploy}); limit: 1 because of one principal, 1 per account, 2 in total`,
        '  waiting for budget: 1',
        `    MEDIUM trailseal/kms-key-rotation/111122223333/eu-central-1/k (because of ${deploy}), tried again at 2026-11-21T11:00:00.000Z`,
        '  no fix action is carried out until the breaker is reset, but for CRITICAL findings',
      ].join('\n'),
    );
  });

  const nothing =
    'tag: closed\n  actions in the last hour: none; limit: 2 per account, 5 in total\n' +
    '  for all findings: none; limit: 1 because of one principal, 1 per account, 3 in total\n' +
    '  for CRITICAL findings alone: none; limit: 1 because of one principal, 1 per account, 2 in total';

  it('is four lines where nothing was done', () => {
    expect(breakerText(idle, now)).toBe(nothing);
  });

  it('has the time, actor and reason of its last reset', () => {
    const resetOnce = breakerView('tag', { ...noRuns, reset }, limits, now);
    expect(breakerText(resetOnce, now)).toBe(
      `${nothing}\n  last reset: 2026-11-21T09:59:00.000Z by arn:aws:iam::111122223333:user/ana: It was one pipeline.`,
    );
  });

  it('has its last reset in JSON', () => {
    const resetOnce = breakerView('tag', { ...noRuns, reset }, limits, now);
    expect(breakerJson(resetOnce).lastReset).toEqual({
      at: '2026-11-21T09:59:00.000Z',
      actor: reset.actor,
      reason: reset.reason,
    });
  });

  it('is JSON with the same members while open and closed', () => {
    expect([breakerJson(view), breakerJson(idle)]).toEqual([
      {
        kind: 'fix',
        open: true,
        breakers: [
          {
            account: '111122223333',
            since: '2026-11-21T08:30:00.000Z',
            reason: 'The guardrail allows 2 fixes an hour.',
          },
        ],
        lastReset: null,
        usedInLastHour: view.used,
        parts: view.parts,
        waiting: [
          {
            finding: 'trailseal/kms-key-rotation/111122223333/eu-central-1/k',
            severity: 'MEDIUM',
            actor: deploy,
            account: '111122223333',
            region: 'eu-central-1',
            since: '2026-11-21T09:59:00.000Z',
            due: '2026-11-21T11:00:00.000Z',
          },
        ],
        limits,
      },
      {
        kind: 'tag',
        open: false,
        breakers: [],
        lastReset: null,
        usedInLastHour: [],
        parts: idle.parts,
        waiting: [],
        limits,
      },
    ]);
  });

  it('escapes what the table holds', () => {
    const state = {
      ...noRuns,
      breakers: [{ since: now, because: '\u001b[2J' }],
      reset: { at: now, actor: '\u001b[3J', reason: '\u001b[4J' },
    };
    const text = breakerText(breakerView('fix', state, limits, now), now);
    expect([2, 3, 4].filter((number) => text.includes(String.raw`\u{1b}[${number}J`))).toEqual([2, 3, 4]);
  });
});

describe('a reset', () => {
  it('says what is allowed again', () => {
    expect(resetDoneText(view, true, 'trailseal.policy.yml')).toBe(
      'The fix breaker is closed, and its count starts anew. Limit per hour: 2 per account, 5 in total ' +
        '(policy: trailseal.policy.yml). The next scheduled scan resumes the actions that were skipped meanwhile, ' +
        'what waited for budget by 2026-11-21T11:00:00.000Z at the latest.',
    );
  });

  it('of a closed breaker says that nothing was changed', () => {
    expect(resetDoneText(view, false, 'trailseal.policy.yml')).toBe(
      'The fix breaker was not open, and nothing waited for budget; nothing was changed.',
    );
  });
});

describe('trailseal breaker', () => {
  it.each<[readonly string[], string]>([
    [['show', 'notify'], 'breaker takes one of: tag, quarantine, fix; not notify'],
    [['reset', 'notify'], 'breaker takes one of: tag, quarantine, fix; not notify'],
    [['reset'], "missing required argument 'kind'"],
    [['reset', 'fix'], 'breaker reset asks before it changes anything, and there is no terminal: use --yes'],
    [['reset', 'fix', '--yes'], 'breaker reset --yes needs --reason "…", for the audit trail'],
    [['reset', 'fix', '--yes', '--reason', ' '], 'breaker reset needs a reason that is not empty'],
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
