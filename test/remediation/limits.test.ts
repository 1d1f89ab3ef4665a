import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Severity, severities } from '../../lib/core/control.ts';
import { budgetsOf } from '../../lib/policy/decide/budgets.ts';
import type { RateLimits } from '../../lib/policy/model.ts';
import {
  afterReset,
  countRun,
  type LimitAnswer,
  type LimitState,
  mostWaiting,
  noRuns,
  type RunToCount,
} from '../../lib/remediation/limits.ts';
import { policyOf } from '../policy/fixtures.ts';

const [here, there] = ['111122223333', '444455556666'];
const noon = Date.parse('2026-03-01T12:00:00Z');
const minute = 60_000;
const hour = 60 * minute;
const region = 'eu-central-1';
const [mallory, ana, ben] = ['mallory', 'ana', 'ben'].map((name) => `arn:aws:iam::111122223333:role/${name}`);

/** Of ten in an account, three are reserved; one principal may use three, and one of the reserved ones alone. */
const limits: RateLimits = { perAccount: 10, perActor: 3, total: 20, reservedForCritical: 30 };

type Asked = Partial<RunToCount> & { readonly name: string; readonly at?: number };

function runOf({ at: _, ...given }: Asked): RunToCount {
  const { name } = given;
  return {
    finding: `finding of ${name}`,
    account: here ?? '',
    region,
    severity: 'LOW',
    actor: mallory,
    mayWait: true,
    ...given,
  };
}

/** What was answered to these, in order, and the state after them. */
function ask(asked: readonly Asked[], start: LimitState = noRuns, allowed = limits) {
  let state = start;
  const answers = asked.map((one): LimitAnswer => {
    const answer = countRun(state, 'fix', allowed, runOf(one), one.at ?? noon);
    state = answer.state;
    return answer;
  });
  return { state, answers, admitted: answers.map(({ admitted }) => admitted) };
}

function last({ answers }: { readonly answers: readonly LimitAnswer[] }) {
  const answer = answers.at(-1);
  if (answer === undefined || answer.admitted) throw new Error('the last one was admitted');
  return answer;
}

const some = (count: number, more: Partial<Asked> = {}): Asked[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${more.actor ?? ''} ${more.severity ?? ''} ${more.account ?? ''} ${index}`,
    ...more,
  }));

/** Small failures of two principals that use up all that is for every finding in the account. */
const twoPrincipals = [
  ...some(3, { actor: mallory }),
  ...some(3, { actor: ben }),
  ...some(1, { actor: ana }),
];

describe('small failures of one principal', () => {
  const { actionsPerHour } = policyOf('version: 1').guardrails;

  it('eleven of them, by default limits, never stop the rescue of a key', () => {
    const eleven = Array.from({ length: 11 }, (_, index) => ({
      name: `fix:enable-rotation key-${index}`,
      severity: 'MEDIUM' as const,
      at: noon + index * 10_000,
    }));
    const rescue = {
      name: 'fix:cancel-key-deletion master',
      severity: 'CRITICAL' as const,
      at: noon + 2 * minute,
    };
    const { admitted, state } = ask([...eleven, rescue], noRuns, actionsPerHour.fix);
    expect(admitted.at(-1)).toBe(true);
    expect(state.breakers).toEqual([]);
  });

  it('leave others what the policy allows them', () => {
    const other = { name: 'other', actor: ana };
    expect(ask([...some(11), other], noRuns, actionsPerHour.fix).admitted.at(-1)).toBe(true);
  });

  it('with a limit of two quarantines in an account, leave a CRITICAL finding its own', () => {
    const { guardrails } = policyOf(
      'version: 1\nguardrails: { actionsPerHour: { quarantine: { perAccount: 2, total: 5 } } }',
    );
    const { admitted, state } = ask(
      [...some(4), { name: 'critical', severity: 'CRITICAL' }],
      noRuns,
      guardrails.actionsPerHour.quarantine,
    );
    expect([admitted, state.breakers]).toEqual([[true, false, false, false, true], []]);
  });
});

describe('a limit', () => {
  it('admits so many in an account, of which the reserved part is for CRITICAL findings', () => {
    const small = some(10, { actor: undefined, mayWait: false });
    expect(ask(small).admitted.filter(Boolean)).toHaveLength(7);
    const critical = some(10, { actor: undefined, mayWait: false, severity: 'CRITICAL' });
    expect(ask(critical).admitted.filter(Boolean)).toHaveLength(10);
  });

  it('admits so many in all accounts', () => {
    const everywhere = [here, there, '555555555555'].flatMap((account) =>
      some(7, { account, actor: undefined, mayWait: false }),
    );
    expect(ask(everywhere).admitted.filter(Boolean)).toHaveLength(14);
  });

  it('of a principal counts all accounts', () => {
    const { admitted } = ask([...some(2), ...some(2, { account: there })]);
    expect(admitted).toEqual([true, true, true, false]);
  });

  it('counts the same action run once, so that it can be resumed', () => {
    const { admitted, state } = ask(Array.from({ length: 5 }, () => ({ name: 'a' })));
    expect([admitted, state.runs.length]).toEqual([[true, true, true, true, true], 1]);
  });

  it('counts an action run for the hour after it was asked for last, as it may not have been begun before', () => {
    const one = { ...limits, perActor: 1 };
    const { admitted } = ask(
      [
        { name: 'a' },
        { name: 'a', at: noon + 59 * minute },
        { name: 'b', at: noon + 61 * minute },
        { name: 'b', at: noon + 119 * minute },
      ],
      noRuns,
      one,
    );
    expect(admitted).toEqual([true, true, false, true]);
  });

  it('does not count what is an hour old', () => {
    expect(ask([...some(3), { name: 'later', at: noon + hour }]).admitted).toEqual([true, true, true, true]);
  });

  it('of an account counts all its Regions', () => {
    const { admitted } = ask(
      some(8, { actor: undefined, mayWait: false }).map((one, index) => ({
        ...one,
        region: `region-${index}`,
      })),
    );
    expect(admitted.at(-1)).toBe(false);
  });

  it('of zero refuses without opening the breaker: the policy means it so', () => {
    const answer = countRun(noRuns, 'quarantine', { ...limits, perAccount: 0 }, runOf({ name: 'a' }), noon);
    expect(answer).toEqual({
      admitted: false,
      because: `The policy allows no quarantines in account ${here}.`,
      opened: false,
      due: undefined,
      state: noRuns,
    });
  });

  it('of which all is reserved is for CRITICAL findings alone', () => {
    const all = { ...limits, reservedForCritical: 100 };
    const { admitted, state } = ask([{ name: 'a' }, { name: 'b', severity: 'CRITICAL' }], noRuns, all);
    expect([admitted, state.waiting]).toEqual([[false, true], []]);
  });
});

describe('a principal that has used up its share', () => {
  it('waits for its own budget, and opens no breaker', () => {
    const answer = last(ask(some(4)));
    expect(answer).toMatchObject({ opened: false, due: noon + hour, state: { breakers: [] } });
    expect(answer.because).toBe(`Rate limit reached: 3 of 3 fixes because of ${mallory} in the last hour.`);
  });

  it('gets the same time however often it asks', () => {
    const fourth = { name: 'fourth' };
    const { answers, state } = ask([...some(3), fourth, fourth, { ...fourth, at: noon + 30 * minute }]);
    expect(answers.slice(-3)).toMatchObject(Array.from({ length: 3 }, () => ({ due: noon + hour })));
    expect(state.waiting).toHaveLength(1);
  });

  it('has what waits done when there is budget, the longest first', () => {
    const first = some(3).map((one, index) => ({ ...one, at: noon + index * minute }));
    const waiting = some(5, { severity: 'MEDIUM' }).map((one, index) => ({
      ...one,
      at: noon + (10 + index) * minute,
    }));
    const { answers } = ask([...first, ...waiting]);
    const dues = answers.slice(3).map((answer) => (answer.admitted ? 0 : (answer.due ?? 0) - noon));
    expect(dues.slice(0, 3)).toEqual([hour, hour + minute, hour + 2 * minute]);
    expect(dues.every((due) => due > 0 && due <= 2 * hour + 14 * minute)).toBe(true);
  });

  it('does not have what comes later done before what waits', () => {
    const { state } = ask([...some(3), { name: 'waits' }]);
    const late = last(
      ask(
        [
          { name: 'late', at: noon + hour },
          { name: 'late too', at: noon + hour },
          { name: 'last', at: noon + hour },
        ],
        state,
      ),
    );
    expect(late.because).toMatch(/is kept for 1 that waited for longer/);
    expect(ask([{ name: 'waits', at: noon + hour }], late.state).admitted).toEqual([true]);
  });

  it('has the more severe done before what waits', () => {
    const { state } = ask([...some(3), { name: 'waits' }]);
    const severe = { name: 'severe', severity: 'HIGH', at: noon + hour } as const;
    expect(ask([severe], state).admitted).toEqual([true]);
  });

  it('gives up the place of what does not come when it is due', () => {
    const { state } = ask([...some(3), { name: 'waits' }]);
    const later = noon + hour + 16 * minute;
    expect(ask(some(3, { at: later, severity: 'INFORMATIONAL' }), state).admitted).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe('the part that is reserved for CRITICAL findings', () => {
  it('is used where the general part is used up', () => {
    const { state } = ask([...twoPrincipals, { name: 'critical', actor: ana, severity: 'CRITICAL' }]);
    expect(state.runs.at(-1)).toMatchObject({ part: 'reserved' });
  });

  it('is not used up by one principal with many CRITICAL failures', () => {
    const flood = some(50, { severity: 'CRITICAL' });
    const { admitted, state } = ask([...flood, { name: 'rescue', actor: ana, severity: 'CRITICAL' }]);
    expect([admitted.filter(Boolean).length, admitted.at(-1)]).toEqual([6, true]);
    const full = ask([...some(3, { actor: ben }), ...some(2, { actor: ana })], state);
    expect(ask([{ name: 'another', actor: ana, severity: 'CRITICAL' }], full.state).admitted).toEqual([true]);
  });

  it('keeps what waits from nobody else', () => {
    const { state } = ask(some(40, { severity: 'CRITICAL' }));
    expect(state.waiting).toHaveLength(mostWaiting);
    const { admitted, state: after } = ask(
      [...some(3, { actor: ana, severity: 'CRITICAL' }), ...some(1, { actor: ben, severity: 'HIGH' })],
      state,
    );
    expect([admitted, after.breakers]).toEqual([[true, true, true, true], []]);
  });
});

describe('what waits', () => {
  it('has a maximum number, of which each principal has its first before the second of any', () => {
    const { state } = ask([...some(3), ...some(60, { severity: 'MEDIUM' })]);
    expect(state.waiting).toHaveLength(mostWaiting);
    const anas = ask([...some(3, { actor: ana }), { name: 'of ana', actor: ana }], state);
    expect(anas.state.waiting).toHaveLength(mostWaiting);
    expect(anas.state.waiting.some(({ name }) => name === 'of ana')).toBe(true);
  });

  it('is left to the scheduled scan where there is no place', () => {
    const { answers } = ask([
      ...some(3),
      ...some(mostWaiting + 1, { severity: 'MEDIUM' }).map((one, index) => ({ ...one, at: noon + index })),
    ]);
    expect(answers.at(-2)).toMatchObject({ admitted: false, due: expect.any(Number) });
    expect(answers.at(-1)).toMatchObject({ admitted: false, due: undefined });
  });

  it('is not what an operator requested, who gets an answer and queues behind nobody', () => {
    const requested = { name: 'requested', actor: undefined, mayWait: false } as const;
    const { state } = ask([...some(3), { name: 'waits' }]);
    expect(ask([requested], state).admitted).toEqual([true]);
    const { answers } = ask([...twoPrincipals, requested]);
    expect(answers.at(-1)).toMatchObject({ admitted: false, due: undefined });
  });
});

describe('the circuit breaker', () => {
  const opened = ask([...twoPrincipals, { name: 'one more', actor: ana }]);
  const { state: full } = opened;

  it('opens where several principals have used up what is for every finding, and says why', () => {
    expect(full.breakers).toEqual([
      {
        account: here,
        since: noon,
        because: `Rate limit reached: 7 of 7 fixes in account ${here} in the last hour.`,
      },
    ]);
  });

  it('is not opened by one principal, however much the policy lets it do', () => {
    const alone = ask(some(9), noRuns, { ...limits, perActor: 10 });
    expect(alone.state.breakers).toEqual([]);
  });

  it('stays open when the hour is over', () => {
    const answer = last(ask([{ name: 'd', actor: ana, at: noon + 2 * hour }], full));
    expect(answer).toMatchObject({ opened: false, due: undefined });
    expect(answer.because).toMatch(/^The circuit breaker of fix is open since 2026-03-01T12:00:00.000Z/);
  });

  it('of an account leaves other accounts alone', () => {
    expect(ask([{ name: 'd', actor: ana, account: there }], full).admitted).toEqual([true]);
  });

  it('leaves CRITICAL findings the part that is reserved for them', () => {
    const critical = some(3, { severity: 'CRITICAL', actor: ana, at: noon + 2 * hour });
    const { admitted, state } = ask(critical, full);
    expect([admitted, state.runs.map(({ part }) => part)]).toEqual([
      [true, true, false],
      ['reserved', 'reserved'],
    ]);
  });

  it('lets an action run that was counted before begin', () => {
    const [first] = twoPrincipals;
    expect(ask(first === undefined ? [] : [first], full).admitted).toEqual([true]);
  });

  const reset = { at: noon, actor: 'arn:aws:iam::111122223333:user/ana', reason: 'It was one pipeline.' };

  it('stores who reset it and why, whatever is asked for afterwards', () => {
    const { state, admitted } = ask(some(4), afterReset(reset));
    expect([admitted, state.reset]).toEqual([[true, true, true, false], reset]);
  });
});

const asked = fc.record({
  letter: fc.constantFrom(...'abcdefghij'),
  account: fc.constantFrom(here, there),
  actor: fc.constantFrom(mallory, ana, ben, undefined),
  severity: fc.constantFrom<Severity>(...severities, 'CRITICAL'),
  wait: fc.integer({ min: 0, max: 40 * minute }),
});
const anyLimits = fc.record({
  perAccount: fc.integer({ min: 1, max: 6 }),
  perActor: fc.integer({ min: 1, max: 4 }),
  total: fc.integer({ min: 1, max: 8 }),
  reservedForCritical: fc.constantFrom(0, 20, 30, 50, 100),
});

/** Asks for these; whatever waits asks again when it is due, before what comes later. */
function course(
  allowed: RateLimits,
  requests: readonly { readonly run: RunToCount; readonly wait: number }[],
  check: (run: RunToCount, answer: LimitAnswer, before: LimitState, at: number) => void,
) {
  const runs = new Map(requests.map(({ run }) => [run.name, run]));
  let state = noRuns;
  let now = noon;
  const one = (run: RunToCount, at: number) => {
    const answer = countRun(state, 'fix', allowed, run, at);
    check(run, answer, state, at);
    state = answer.state;
    return answer;
  };
  const due = () => state.waiting.toSorted((a, b) => a.due - b.due)[0];
  const until = (time: number) => {
    for (let next = due(); next !== undefined && next.due <= time; next = due()) {
      now = Math.max(now, next.due);
      const run = runs.get(next.name);
      if (run === undefined) throw new Error(`nobody asked for ${next.name}`);
      one(run, now);
    }
    now = Math.max(now, time);
  };
  for (const { run, wait } of requests) {
    until(now + wait);
    one(run, now);
  }
  return { until, state: () => state, now: () => now, ask: one };
}

const requestsOf = fc.array(asked, { maxLength: 40 }).map((all) =>
  all.map(({ letter, wait, ...given }) => ({
    // An action run is of one account, principal and severity.
    run: runOf({
      ...given,
      name: `${given.account} ${given.actor} ${given.severity} ${letter}`,
      mayWait: given.actor !== undefined,
    }),
    wait,
  })),
);

describe('in any course of requests', () => {
  it('no hour has more of an account, of a principal, or of a part than the limits allow', () => {
    fc.assert(
      fc.property(anyLimits, requestsOf, (allowed, requests) => {
        course(allowed, requests, (run, { state: { runs } }) => {
          for (const part of ['general', 'reserved'] as const) {
            const ofPart = runs.filter((each) => each.part === part);
            for (const { of, name, limit } of budgetsOf(allowed, part, run)) {
              const used = ofPart.filter((each) => of === 'total' || name === each[of]);
              expect(used.length).toBeLessThanOrEqual(limit);
            }
          }
          expect(runs.length).toBeLessThanOrEqual(allowed.total);
        });
      }),
    );
  });

  it('only CRITICAL findings use the reserved part', () => {
    fc.assert(
      fc.property(anyLimits, requestsOf, (allowed, requests) => {
        const severity = new Map(requests.map(({ run }) => [run.name, run.severity]));
        course(allowed, requests, (_run, { state: { runs } }) => {
          const users = runs.filter(({ part }) => part === 'reserved').map(({ name }) => severity.get(name));
          expect(users.every((each) => each === 'CRITICAL')).toBe(true);
        });
      }),
    );
  });

  it('a CRITICAL finding is refused only where other CRITICAL ones have used the reserved part, or wait for it', () => {
    fc.assert(
      fc.property(anyLimits, requestsOf, (allowed, requests) => {
        course(allowed, requests, (run, answer, before, at) => {
          if (answer.admitted || run.severity !== 'CRITICAL') return;
          const reserved = before.runs.filter((each) => each.part === 'reserved' && each.at > at - hour);
          const waiting = before.waiting.filter((each) => each.severity === 'CRITICAL');
          const full = budgetsOf(allowed, 'reserved', run).some(
            ({ of, name, limit }) =>
              [...reserved, ...waiting].filter((each) => of === 'total' || name === each[of]).length >= limit,
          );
          expect(full).toBe(true);
        });
      }),
    );
  });

  it('nothing that was skipped for lack of budget is lost: it is done, waits, or a person has to reset a breaker', () => {
    fc.assert(
      fc.property(anyLimits, requestsOf, (allowed, requests) => {
        const left = new Set<string>();
        const { until, state, now } = course(allowed, requests, (run, answer) => {
          if (answer.admitted) left.delete(run.name);
          // Refused without a time: an operator was answered, or a breaker is open, or the policy allows none.
          else if (answer.due === undefined) left.delete(run.name);
          else left.add(run.name);
        });
        until(now() + 100 * hour);
        expect([...left]).toEqual([]);
        expect(state().waiting).toEqual([]);
      }),
    );
  });

  it('a failure is done in the end, however many of others come before', () => {
    fc.assert(
      fc.property(requestsOf, (requests) => {
        const { ask: one, now, state, until } = course(limits, requests, () => undefined);
        const rescue = runOf({
          name: 'rescue',
          actor: 'arn:aws:iam::111122223333:role/other',
          severity: 'CRITICAL',
        });
        const answer = one(rescue, now());
        until(now() + 100 * hour);
        expect(answer.admitted || !state().waiting.some(({ name }) => name === 'rescue')).toBe(true);
      }),
    );
  });
});
