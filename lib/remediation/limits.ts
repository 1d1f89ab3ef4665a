/**
 * How many actions of a kind were carried out in the last hour, and whether the circuit breaker of that kind is open.
 * Pure: the state goes in and comes out, so that whoever stores it can write it under a condition, and of two runs that
 * ask for the last action of a limit one is refused.
 */
import type { AccountRegion } from '../core/account-region.ts';
import type { ActionKind, RateLimits } from '../policy/model.ts';

/** The limits of one kind of action. */
export interface LimitState {
  /** The action runs of the last hour, oldest first. */
  readonly runs: readonly CountedRun[];
  /** Open since a limit was reached: nothing of the kind is carried out until a person resets it. */
  readonly breaker: OpenBreaker | undefined;
  /** How it was reset last; left out where it never was. */
  readonly reset?: BreakerReset;
}

/** An action run that counts against the limits, with the account and Region of its resource. */
export interface CountedRun extends AccountRegion {
  /** As `nameOfActionRun` gives it: the same action run is counted once. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A circuit breaker that is open. */
export interface OpenBreaker {
  /** Epoch milliseconds. */
  readonly since: number;
  /** A sentence for people. */
  readonly because: string;
}

/** Who reset a circuit breaker, when and why. */
export interface BreakerReset {
  /** Epoch milliseconds. */
  readonly at: number;
  /** An ARN. */
  readonly actor: string;
  readonly reason: string;
}

/** The limits of a kind of which nothing was carried out yet. */
export const noRuns: LimitState = { runs: [], breaker: undefined };

/** Whether an action run may begin, and the state with it counted. */
export type LimitAnswer =
  | { readonly admitted: true; readonly state: LimitState }
  /** `because` is a sentence; `opened` tells whether it was this request that opened the breaker. */
  | {
      readonly admitted: false;
      readonly because: string;
      readonly opened: boolean;
      readonly state: LimitState;
    };

const hour = 3_600_000;

/**
 * Counts one more action run, unless a limit is reached or the breaker is open.
 * @param limits the guardrail `actionsPerHour` of the policy for the kind; `perAccount` counts all Regions of an account.
 * @param now epoch milliseconds.
 * @returns whether it may begin, and the state to be stored.
 */
export function countRun(
  state: LimitState,
  kind: ActionKind,
  limits: RateLimits,
  { name, account, region }: Omit<CountedRun, 'at'>,
  now: number,
): LimitAnswer {
  const runs = state.runs.filter(({ at }) => at > now - hour);
  const counted = runs.find((run) => run.name === name);
  if (counted !== undefined) {
    // An attempt that was interrupted before it began counted it: it begins now, and counts for an hour from now.
    const others = runs.filter((run) => run !== counted);
    return { admitted: true, state: { ...state, runs: [...others, { ...counted, at: now }] } };
  }
  const refused = (because: string, breaker: OpenBreaker | undefined, opened: boolean): LimitAnswer => ({
    admitted: false,
    because,
    opened,
    state: { ...state, runs, breaker },
  });
  if (state.breaker !== undefined) {
    const since = new Date(state.breaker.since).toISOString();
    return refused(
      `The circuit breaker of ${kind} is open since ${since}: ${state.breaker.because}`,
      state.breaker,
      false,
    );
  }
  const inAccount = runs.filter((run) => run.account === account).length;
  const reached = [
    { limit: limits.perAccount, used: inAccount, where: `in account ${account}` },
    { limit: limits.total, used: runs.length, where: 'in all accounts' },
  ].find(({ limit, used }) => used >= limit);
  if (reached === undefined) {
    return { admitted: true, state: { ...state, runs: [...runs, { name, account, region, at: now }] } };
  }
  const { limit, used, where } = reached;
  // A policy that allows none means just that, and nothing has gone wrong.
  if (limit === 0) return refused(`The policy allows no ${nouns[kind].many} ${where}.`, undefined, false);
  const because = `Rate limit reached: ${used} of ${limit} ${limit === 1 ? nouns[kind].one : nouns[kind].many} ${where} in the last hour.`;
  return refused(because, { since: now, because }, true);
}

const nouns: Readonly<Record<ActionKind, { readonly one: string; readonly many: string }>> = {
  tag: { one: 'tag action', many: 'tag actions' },
  quarantine: { one: 'quarantine', many: 'quarantines' },
  fix: { one: 'fix', many: 'fixes' },
};

/** The state after a reset. The runs of the last hour do not count any more: whoever resets has looked into them. */
export function afterReset(reset: BreakerReset): LimitState {
  return { ...noRuns, reset };
}
