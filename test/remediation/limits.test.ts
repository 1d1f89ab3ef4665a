import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterReset, countRun, type LimitState, noRuns } from '../../lib/remediation/limits.ts';

const limits = { perAccount: 2, total: 3 };
const [here, there] = ['111122223333', '444455556666'];
const noon = Date.parse('2026-03-01T12:00:00Z');
const minute = 60_000;
const region = 'eu-central-1';

/** The state after these were asked for, in order, and what was answered. */
function stateAfter(
  asked: readonly { name: string; account: string; region: string; at: number }[],
  start: LimitState = noRuns,
) {
  let state = start;
  const answers = asked.map(({ at, ...counted }) => {
    const answer = countRun(state, 'fix', limits, counted, at);
    state = answer.state;
    return answer.admitted;
  });
  return { state, answers };
}

describe('a limit', () => {
  it('admits a maximum number in an account, and in all accounts, in any hour', () => {
    const asked = [
      { name: 'a', account: here, region, at: noon },
      { name: 'b', account: here, region, at: noon + minute },
      { name: 'c', account: there, region, at: noon + 2 * minute },
    ];
    expect(stateAfter(asked).answers).toEqual([true, true, true]);
    expect(
      stateAfter([...asked, { name: 'd', account: there, region, at: noon + 3 * minute }]).answers.at(-1),
    ).toBe(false);
    expect(
      stateAfter([
        ...asked.slice(0, 2),
        { name: 'd', account: here, region, at: noon + 3 * minute },
      ]).answers.at(-1),
    ).toBe(false);
  });

  it('counts the same action run once, so that it can be resumed', () => {
    const twice = Array.from({ length: 5 }, () => ({ name: 'a', account: here, region, at: noon }));
    expect(stateAfter(twice).answers).toEqual(twice.map(() => true));
    expect(stateAfter(twice).state.runs).toHaveLength(1);
  });

  it('counts an action run for the hour after it was asked for last, as it may not have been begun before', () => {
    const { answers } = stateAfter([
      { name: 'a', account: here, region, at: noon },
      { name: 'a', account: here, region, at: noon + 59 * minute },
      { name: 'b', account: here, region, at: noon + 60 * minute },
      { name: 'c', account: here, region, at: noon + 61 * minute },
    ]);
    expect(answers).toEqual([true, true, true, false]);
  });

  it('does not count what is an hour old', () => {
    const { answers } = stateAfter([
      { name: 'a', account: here, region, at: noon },
      { name: 'b', account: here, region, at: noon },
      { name: 'c', account: here, region, at: noon + 60 * minute },
    ]);
    expect(answers).toEqual([true, true, true]);
  });

  it('of an account counts all its Regions', () => {
    const { answers } = stateAfter([
      { name: 'a', account: here, region: 'eu-central-1', at: noon },
      { name: 'b', account: here, region: 'us-east-1', at: noon },
      { name: 'c', account: here, region: 'eu-west-1', at: noon },
    ]);
    expect(answers).toEqual([true, true, false]);
  });

  it('of zero refuses without opening the breaker: the policy means it so', () => {
    const answer = countRun(
      noRuns,
      'quarantine',
      { perAccount: 0, total: 5 },
      { name: 'a', account: here, region },
      noon,
    );
    expect(answer).toEqual({
      admitted: false,
      because: `The policy allows no quarantines in account ${here}.`,
      opened: false,
      state: noRuns,
    });
  });
});

describe('the circuit breaker', () => {
  const full = stateAfter([
    { name: 'a', account: here, region, at: noon },
    { name: 'b', account: here, region, at: noon },
    { name: 'c', account: here, region, at: noon },
  ]).state;

  it('opens when a limit is reached, and says why', () => {
    expect(full.breaker).toEqual({
      since: noon,
      because: `Rate limit reached: 2 of 2 fixes in account ${here} in the last hour.`,
    });
  });

  it('stays open when the hour is over, for every account', () => {
    const answer = countRun(full, 'fix', limits, { name: 'd', account: there, region }, noon + 120 * minute);
    expect(answer).toMatchObject({ admitted: false, opened: false });
    expect(answer.admitted ? '' : answer.because).toMatch(
      /^The circuit breaker of fix is open since 2026-03-01T12:00:00.000Z/,
    );
  });

  it('lets an action run that was counted before begin', () => {
    expect(countRun(full, 'fix', limits, { name: 'a', account: here, region }, noon + minute).admitted).toBe(
      true,
    );
  });

  const reset = { at: noon, actor: 'arn:aws:iam::111122223333:user/ana', reason: 'It was one pipeline.' };

  it('stores who reset it and why, whatever is asked for afterwards', () => {
    const asked = ['a', 'a', 'b', 'c'].map((name) => ({ name, account: here, region, at: noon + minute }));
    const { state, answers } = stateAfter(asked, afterReset(reset));
    expect([answers, state.reset]).toEqual([[true, true, true, false], reset]);
  });

  it('admits actions again once it is reset', () => {
    expect(
      countRun(afterReset(reset), 'fix', limits, { name: 'd', account: here, region }, noon + minute)
        .admitted,
    ).toBe(true);
  });
});

describe('any sequence of requests', () => {
  it('never admits more in an hour than the limits allow', () => {
    const request = fc.record({
      letter: fc.constantFrom(...'abcdefghij'),
      account: fc.constantFrom(here, there),
      wait: fc.integer({ min: 0, max: 40 * minute }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let state = noRuns;
        let at = noon;
        const done = new Map<string, { account: string; at: number }>();
        for (const { letter, account, wait } of requests) {
          at += wait;
          // An action run is of one account.
          const name = `${account} ${letter}`;
          const answer = countRun(state, 'fix', limits, { name, account, region }, at);
          state = answer.state;
          // An action run that was asked for several times was begun at the last time, if at all.
          if (answer.admitted) done.set(name, { account, at });
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
