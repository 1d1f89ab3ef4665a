/**
 * How many actions of a kind were carried out in the last hour, which wait for budget, and which circuit breakers of the
 * kind are open. Pure: the state goes in and comes out, so that whoever stores it can write it under a condition, and of
 * two runs that ask for the last action of a limit one is refused.
 *
 * A principal that has used up its share waits for its own budget and stops nobody else. A circuit breaker opens where more
 * than one principal has used up what all share, and leaves the part that is reserved for CRITICAL findings.
 */
import type { AccountRegion } from '../core/account-region.ts';
import type { Severity } from '../core/control.ts';
import { severities } from '../core/control.ts';
import {
  type Budget,
  type BudgetPart,
  budgetsOf,
  budgetText,
  partsFor,
  type Spender,
} from '../policy/decide/budgets.ts';
import type { ActionKind, RateLimits } from '../policy/model.ts';

/** The limits of one kind of action. */
export interface LimitState {
  /** The action runs of the last hour, oldest first. */
  readonly runs: readonly CountedRun[];
  /** What was skipped for lack of budget and will be tried again. */
  readonly waiting: readonly WaitingRun[];
  /** Open until a person resets them. */
  readonly breakers: readonly OpenBreaker[];
  /** How they were reset last; left out where they never were. */
  readonly reset?: BreakerReset;
}

/** An action run that counts against the limits, with the account and Region of its resource. */
export interface CountedRun extends AccountRegion {
  /** As `nameOfActionRun` gives it: the same action run is counted once. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** As `Spender` has it; left out where an operator requested it. */
  readonly actor?: string;
  /** The part of the limits that it uses. */
  readonly part: BudgetPart;
}

/** An action run that asks for budget. */
export interface RunToCount extends AccountRegion, Spender {
  readonly name: string;
  /** The finding's id and severity. */
  readonly finding: string;
  readonly severity: Severity;
  /** Whether it is tried again where there is no budget: not where an operator requested it, who gets an answer. */
  readonly mayWait: boolean;
}

/** An action run that waits for budget. */
export interface WaitingRun extends AccountRegion {
  readonly name: string;
  readonly finding: string;
  readonly severity: Severity;
  readonly actor: string;
  /** Since when it waits, epoch milliseconds. */
  readonly since: number;
  /** When it is tried again, epoch milliseconds. */
  readonly due: number;
}

/** A circuit breaker that is open: nothing of the kind is carried out, but for CRITICAL findings. */
export interface OpenBreaker {
  /** Where it is open; left out where that is in all accounts. */
  readonly account?: string;
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
export const noRuns: LimitState = { runs: [], waiting: [], breakers: [] };

/** Whether an action run may begin, and the state with it counted. */
export type LimitAnswer =
  | { readonly admitted: true; readonly state: LimitState }
  | {
      readonly admitted: false;
      /** One or two sentences. */
      readonly because: string;
      /** Whether it was this request that opened a breaker. */
      readonly opened: boolean;
      /** When it is to be tried again, epoch milliseconds; `undefined` where it does not wait. */
      readonly due: number | undefined;
      readonly state: LimitState;
    };

const hour = 3_600_000;

/** How many may wait, of CRITICAL findings and of others each: more are left to the next scheduled scan. */
export const mostWaiting = 25;

/** How long what waits may be late, in milliseconds, before it gives up its place: it needed the budget no more. */
const overdueFor = 15 * 60_000;

/** With so many breakers of accounts open, the next one is open in all of them. */
const mostBreakers = 100;

/**
 * Counts one more action run, unless a limit is reached or a breaker is open.
 * @param limits the guardrail `actionsPerHour` of the policy for the kind; `perAccount` counts all Regions of an account.
 * @param now epoch milliseconds.
 * @returns whether it may begin, and the state to be stored.
 */
export function countRun(
  { runs: allRuns, waiting: allWaiting, ...rest }: LimitState,
  kind: ActionKind,
  limits: RateLimits,
  run: RunToCount,
  now: number,
): LimitAnswer {
  const runs = allRuns.filter(({ at }) => at > now - hour);
  const waiting = allWaiting.filter(({ due }) => due > now - overdueFor);
  const others = waiting.filter(({ name }) => name !== run.name);
  const counted = runs.find(({ name }) => name === run.name);
  if (counted !== undefined) {
    // An attempt that was interrupted before it began counted it: it begins now, and counts for an hour from now.
    const before = runs.filter((each) => each !== counted);
    return {
      admitted: true,
      state: { ...rest, runs: [...before, { ...counted, at: now }], waiting: others },
    };
  }
  const own = waiting.find(({ name }) => name === run.name);
  const since = own?.since ?? now;
  // An operator does not queue.
  const ahead = run.mayWait
    ? others.filter((each) => isBefore(each, { ...run, since })).toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
    : [];
  const breakers = rest.breakers;
  const part = partFor(withPlaces(runs, ahead, breakers, limits, now), breakers, limits, run);
  if (part !== undefined) {
    const { name, account, region, actor } = run;
    const begun: CountedRun = {
      name,
      account,
      region,
      at: now,
      part,
      ...(actor === undefined ? {} : { actor }),
    };
    return { admitted: true, state: { ...rest, runs: [...runs, begun], waiting: others } };
  }
  const refused = (because: string, more: Partial<LimitState> = {}): LimitAnswer => ({
    admitted: false,
    because,
    opened: more.breakers !== undefined,
    due: undefined,
    state: { ...rest, runs, waiting: others, ...more },
  });
  const usable = partsFor(run.severity).filter((each) => noneOf(limits, each, run) === undefined);
  const none = noneOf(limits, 'general', run);
  // A policy that allows none means just that, and nothing has gone wrong.
  if (usable.length === 0 && none !== undefined) return refused(budgetText(kind, 'general', none, ''));
  const hasReserved = usable.includes('reserved');
  const breaker = hasReserved ? undefined : openBreakerFor(breakers, run.account);
  if (breaker !== undefined) {
    const opened = new Date(breaker.since).toISOString();
    return refused(`The circuit breaker of ${kind} is open since ${opened}: ${breaker.because}`);
  }
  const reached = usable.flatMap((each) => {
    const budget = usedUp(runs, limits, each, run);
    return budget === undefined ? [] : [{ part: each, budget }];
  });
  const because =
    reached.length === 0
      ? `What is left of the rate limit of ${kind} actions is kept for ${ahead.length} that waited for longer, or are more severe.`
      : reached.map((each) => budgetText(kind, each.part, each.budget, 'in the last hour')).join(' ');
  const [general] = reached;
  if (!hasReserved && general !== undefined && isSharedByMany(runs, general.budget)) {
    const account =
      general.budget.of === 'account' && breakers.length < mostBreakers ? run.account : undefined;
    const open: OpenBreaker = { since: now, because, ...(account === undefined ? {} : { account }) };
    return refused(because, { breakers: [...breakers, open] });
  }
  const { actor } = run;
  if (!run.mayWait || actor === undefined) return refused(because);
  const due =
    own !== undefined && own.due > now ? own.due : nextRoom(runs, ahead, breakers, limits, run, now);
  const { name, account, region, finding, severity } = run;
  const places = withoutSurplus([...others, { name, finding, severity, account, region, actor, since, due }]);
  const waits = places.some((each) => each.name === name);
  return {
    admitted: false,
    because,
    opened: false,
    due: waits ? due : undefined,
    state: { ...rest, runs, waiting: places },
  };
}

/** The state after a reset. Neither runs nor what waits count any more: whoever resets has investigated them. */
export function afterReset(reset: BreakerReset): LimitState {
  return { ...noRuns, reset };
}

/** The breaker that is open for an account, if any. */
export function openBreakerFor(breakers: readonly OpenBreaker[], account: string): OpenBreaker | undefined {
  return breakers.find((breaker) => breaker.account === undefined || breaker.account === account);
}

/** The part of the limits in which a run has room; `undefined` where it has in none. */
function partFor(
  runs: readonly CountedRun[],
  breakers: readonly OpenBreaker[],
  limits: RateLimits,
  run: Spender & { readonly severity: Severity },
): BudgetPart | undefined {
  return partsFor(run.severity).find(
    (part) =>
      (part === 'reserved' || openBreakerFor(breakers, run.account) === undefined) &&
      usedUp(runs, limits, part, run) === undefined,
  );
}

/** The first budget of a part in which a run has no room. */
function usedUp(
  runs: readonly CountedRun[],
  limits: RateLimits,
  part: BudgetPart,
  run: Spender,
): Budget | undefined {
  const ofPart = runs.filter((each) => each.part === part);
  return budgetsOf(limits, part, run).find(
    (budget) => ofPart.filter((each) => isOf(each, budget)).length >= budget.limit,
  );
}

function isOf({ account, actor }: Pick<CountedRun, 'account' | 'actor'>, { of, name }: Budget): boolean {
  return of === 'total' || name === (of === 'account' ? account : actor);
}

/** The budget of a part for which the policy allows none at all, whatever was done. */
function noneOf(limits: RateLimits, part: BudgetPart, run: Spender): Budget | undefined {
  return budgetsOf(limits, part, run).find(({ limit }) => limit === 0);
}

/** Whether more than one principal used the budget up, so that stopping everybody is about more than one of them. */
function isSharedByMany(runs: readonly CountedRun[], budget: Budget): boolean {
  if (budget.of === 'actor') return false;
  const users = runs
    .filter((each) => each.part === 'general' && isOf(each, budget))
    .map(({ actor }) => actor);
  return new Set(users).size > 1;
}

/** The runs as if those that wait had begun, as far as there is room for them. */
function withPlaces(
  runs: readonly CountedRun[],
  ahead: readonly WaitingRun[],
  breakers: readonly OpenBreaker[],
  limits: RateLimits,
  at: number,
): readonly CountedRun[] {
  const placed = [...runs];
  for (const { name, account, region, actor, severity } of ahead) {
    const part = partFor(placed, breakers, limits, { account, actor, severity });
    if (part !== undefined) placed.push({ name, account, region, actor, part, at });
  }
  return placed;
}

/** When there is room for a run once those ahead have theirs: epoch milliseconds, at most two hours from now. */
function nextRoom(
  runs: readonly CountedRun[],
  ahead: readonly WaitingRun[],
  breakers: readonly OpenBreaker[],
  limits: RateLimits,
  run: RunToCount,
  now: number,
): number {
  const ends = [...new Set(runs.map(({ at }) => at + hour))].toSorted((one, other) => one - other);
  const hasRoom = (time: number): boolean => {
    const left = runs.filter(({ at }) => at > time - hour);
    return partFor(withPlaces(left, ahead, breakers, limits, time), breakers, limits, run) !== undefined;
  };
  // The later, the more room: by halves, as a policy may allow a thousand runs.
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hasRoom(ends[middle] ?? now)) high = middle;
    else low = middle + 1;
  }
  return ends[low] ?? (ends.at(-1) ?? now) + hour;
}

type Place = Pick<WaitingRun, 'severity' | 'since' | 'name'>;

/** Whether one comes before another: by severity, then by how long it waits. */
function isBefore(one: Place, other: Place): boolean {
  const bySeverity = severities.indexOf(one.severity) - severities.indexOf(other.severity);
  if (bySeverity !== 0) return bySeverity > 0;
  if (one.since !== other.since) return one.since < other.since;
  return one.name < other.name;
}

/**
 * As many as may wait. The first of each principal come before the second of any, so that nobody fills all places with
 * failures of its own; CRITICAL findings and others have places of their own.
 */
function withoutSurplus(waiting: readonly WaitingRun[]): readonly WaitingRun[] {
  const inOrder = waiting.toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
  const turns = new Map<string, number>();
  const withTurn = inOrder.map((each) => {
    const turn = turns.get(each.actor) ?? 0;
    turns.set(each.actor, turn + 1);
    return { each, turn };
  });
  // A stable sort: within a turn they stay in order.
  const byTurn = withTurn.toSorted((one, other) => one.turn - other.turn).map(({ each }) => each);
  const critical = byTurn.filter(({ severity }) => severity === 'CRITICAL').slice(0, mostWaiting);
  return [...critical, ...byTurn.filter(({ severity }) => severity !== 'CRITICAL').slice(0, mostWaiting)];
}
