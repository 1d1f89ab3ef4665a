/**
 * How much has been done in the last hour, and whether the breaker is open. Pure: the state goes in and comes out, so
 * that whoever keeps it can write it under a condition, and of two that use the last of a limit one is refused.
 */
import type { ActionKind, RateLimits } from '../policy/model.ts';

/** Actions of one kind. */
export interface LimitState {
  /** Those of the last hour, oldest first. */
  readonly uses: readonly Use[];
  /** Open since a limit was reached: nothing of the kind is done until a person closes it. */
  readonly breaker: Breaker | undefined;
  /** How it was closed last; left out where it never was, or by a version that did not note it. */
  readonly closing?: Closing;
}

export interface Use {
  /** What it was counted for: the same again is not counted again. */
  readonly actionRun: string;
  readonly account: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Breaker {
  /** Epoch milliseconds. */
  readonly since: number;
  /** A sentence for people. */
  readonly because: string;
}

/** Who closed a breaker, when and why. */
export interface Closing {
  /** Epoch milliseconds. */
  readonly at: number;
  /** An ARN. */
  readonly by: string;
  readonly why: string;
}

export const nothingUsed: LimitState = { uses: [], breaker: undefined };

export type LimitAnswer =
  | { readonly admitted: true; readonly state: LimitState }
  /** `opened` when it was this request that opened the breaker. */
  | {
      readonly admitted: false;
      readonly because: string;
      readonly opened: boolean;
      readonly state: LimitState;
    };

const hour = 3_600_000;

/** Whether one more action may be done at `now`, and the state with it counted; see `guardrails.ts` for the limits. */
export function use(
  state: LimitState,
  kind: ActionKind,
  limits: RateLimits,
  { actionRun, account }: Pick<Use, 'actionRun' | 'account'>,
  now: number,
): LimitAnswer {
  const uses = state.uses.filter(({ at }) => at > now - hour);
  const counted = uses.find((one) => one.actionRun === actionRun);
  if (counted !== undefined) {
    // By a run that was interrupted before it began: it begins now, and counts for the hour from now on.
    const others = uses.filter((one) => one !== counted);
    return { admitted: true, state: { ...state, uses: [...others, { ...counted, at: now }] } };
  }
  const refused = (because: string, breaker: Breaker | undefined, opened: boolean): LimitAnswer => ({
    admitted: false,
    because,
    opened,
    state: { ...state, uses, breaker },
  });
  if (state.breaker !== undefined) {
    const since = new Date(state.breaker.since).toISOString();
    return refused(
      `The breaker of ${kind} is open since ${since}: ${state.breaker.because}`,
      state.breaker,
      false,
    );
  }
  const name = kind === 'fix' ? 'fixes' : `${kind} actions`;
  const inAccount = uses.filter((one) => one.account === account).length;
  const reached = [
    { limit: limits.perAccount, used: inAccount, where: `in account ${account}` },
    { limit: limits.total, used: uses.length, where: 'in all accounts together' },
  ].find(({ limit, used }) => used >= limit);
  if (reached === undefined) {
    return { admitted: true, state: { ...state, uses: [...uses, { actionRun, account, at: now }] } };
  }
  const { limit, where } = reached;
  // A policy that allows none means just that, and nothing has deleted wrong.
  if (limit === 0) return refused(`The guardrail allows no ${name} ${where}.`, undefined, false);
  const because = `The guardrail allows ${limit} ${name} an hour ${where}, and as many were done in the last hour.`;
  return refused(because, { since: now, because }, true);
}

/** The state with the breaker closed. What was used counts no more: whoever closes it has looked, and says go on. */
export function closed(closing: Closing): LimitState {
  return { ...nothingUsed, closing };
}
