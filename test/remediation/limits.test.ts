import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closed, type LimitState, nothingUsed, use } from '../../lib/remediation/limits.ts';

const limits = { perAccount: 2, total: 3 };
const [here, there] = ['111122223333', '444455556666'];
const noon = Date.parse('2026-03-01T12:00:00Z');
const minute = 60_000;

/** The state after these were asked for, in order, and what was answered. */
function stateAfter(
  asked: readonly { actionRun: string; account: string; at: number }[],
  start: LimitState = nothingUsed,
) {
  let state = start;
  const answers = asked.map(({ at, ...counted }) => {
    const answer = use(state, 'fix', limits, counted, at);
    state = answer.state;
    return answer.admitted;
  });
  return { state, answers };
}

describe('a limit', () => {
  it('admits so many in an account, and so many in all, in any hour', () => {
    const asked = [
      { actionRun: 'a', account: here, at: noon },
      { actionRun: 'b', account: here, at: noon + minute },
      { actionRun: 'c', account: there, at: noon + 2 * minute },
    ];
    expect(stateAfter(asked).answers).toEqual([true, true, true]);
    expect(
      stateAfter([...asked, { actionRun: 'd', account: there, at: noon + 3 * minute }]).answers.at(-1),
    ).toBe(false);
    expect(
      stateAfter([...asked.slice(0, 2), { actionRun: 'd', account: here, at: noon + 3 * minute }]).answers.at(
        -1,
      ),
    ).toBe(false);
  });

  it('counts the same action run once, so that it can be resumed', () => {
    const twice = Array.from({ length: 5 }, () => ({ actionRun: 'a', account: here, at: noon }));
    expect(stateAfter(twice).answers).toEqual(twice.map(() => true));
    expect(stateAfter(twice).state.uses).toHaveLength(1);
  });

  it('counts an action run for the hour after it was asked for last, as it may not have been begun before', () => {
    const { answers } = stateAfter([
      { actionRun: 'a', account: here, at: noon },
      { actionRun: 'a', account: here, at: noon + 59 * minute },
      { actionRun: 'b', account: here, at: noon + 60 * minute },
      { actionRun: 'c', account: here, at: noon + 61 * minute },
    ]);
    expect(answers).toEqual([true, true, true, false]);
  });

  it('forgets what is an hour old', () => {
    const { answers } = stateAfter([
      { actionRun: 'a', account: here, at: noon },
      { actionRun: 'b', account: here, at: noon },
      { actionRun: 'c', account: here, at: noon + 60 * minute },
    ]);
    expect(answers).toEqual([true, true, true]);
  });

  it('of zero refuses without opening the breaker: the policy means it so', () => {
    const answer = use(
      nothingUsed,
      'quarantine',
      { perAccount: 0, total: 5 },
      { actionRun: 'a', account: here },
      noon,
    );
    expect(answer).toEqual({
      admitted: false,
      because: `The guardrail allows no quarantine actions in account ${here}.`,
      opened: false,
      state: nothingUsed,
    });
  });
});

describe('the breaker', () => {
  const full = stateAfter([
    { actionRun: 'a', account: here, at: noon },
    { actionRun: 'b', account: here, at: noon },
    { actionRun: 'c', account: here, at: noon },
  ]).state;

  it('opens when a limit is reached, and says why', () => {
    expect(full.breaker).toEqual({
      since: noon,
      because: `The guardrail allows 2 fixes an hour in account ${here}, and as many were done in the last hour.`,
    });
  });

  it('stays open when the hour is over, for every account', () => {
    const answer = use(full, 'fix', limits, { actionRun: 'd', account: there }, noon + 120 * minute);
    expect(answer).toMatchObject({ admitted: false, opened: false });
    expect(answer.admitted ? '' : answer.because).toMatch(
      /^The breaker of fix is open since 2026-03-01T12:00:00.000Z/,
    );
  });

  it('lets go on what was begun before', () => {
    expect(use(full, 'fix', limits, { actionRun: 'a', account: here }, noon + minute).admitted).toBe(true);
  });

  const closing = { at: noon, by: 'arn:aws:iam::111122223333:user/ana', why: 'It was one pipeline.' };

  it('keeps who closed it and why, whatever is asked for afterwards', () => {
    const asked = ['a', 'a', 'b', 'c'].map((actionRun) => ({ actionRun, account: here, at: noon + minute }));
    const { state, answers } = stateAfter(asked, closed(closing));
    expect([answers, state.closing]).toEqual([[true, true, true, false], closing]);
  });

  it('lets actions through again once it is closed', () => {
    expect(
      use(closed(closing), 'fix', limits, { actionRun: 'd', account: here }, noon + minute).admitted,
    ).toBe(true);
  });
});

describe('any course of requests', () => {
  it('never admits more in an hour than the limits allow', () => {
    const request = fc.record({
      actionRun: fc.constantFrom(...'abcdefghij'),
      account: fc.constantFrom(here, there),
      wait: fc.integer({ min: 0, max: 40 * minute }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let state = nothingUsed;
        let at = noon;
        const done = new Map<string, { account: string; at: number }>();
        for (const { actionRun: letter, account, wait } of requests) {
          at += wait;
          // A action run is of one account.
          const actionRun = `${account} ${letter}`;
          const answer = use(state, 'fix', limits, { actionRun, account }, at);
          state = answer.state;
          // Of an action run that was asked for several times only the last may have come to be.
          if (answer.admitted) done.set(actionRun, { account, at });
          const recent = [...done.values()].filter((one) => one.at > at - 60 * minute);
          expect(recent.length).toBeLessThanOrEqual(limits.total);
          for (const one of [here, there]) {
            expect(recent.filter((each) => each.account === one).length).toBeLessThanOrEqual(
              limits.perAccount,
            );
          }
        }
      }),
    );
  });
});
