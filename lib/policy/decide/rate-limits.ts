/** Rate limits: how many actions of each kind the guardrails allow in an hour, counted while plans are made one by one. */
import type { Severity } from '../../core/control.ts';
import type { ActionKind, RateLimits } from '../model.ts';
import { type Budget, type BudgetPart, budgetsOf, budgetText, partsFor, type Spender } from './budgets.ts';

/**
 * What was used of the limits. Time never runs backwards: an action for an event that is older than the latest one counts at
 * the time of the latest one, because that is when it is carried out. Only the last hour is kept.
 */
export interface Usage {
  /** The latest time of any action, epoch milliseconds. */
  readonly latest: number | undefined;
  /** Times of the actions by budget, oldest first. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Counts, by budget, of the actions for events without a time: they share one hour, which never ends. */
  readonly untimed: ReadonlyMap<string, number>;
}

/** The usage before any action. */
export const noUsage: Usage = { latest: undefined, times: new Map(), untimed: new Map() };

const hour = 3_600_000;

/** What is to be counted. */
export interface RateLimitedAction extends Spender {
  readonly kind: ActionKind;
  readonly severity: Severity;
  /** Epoch milliseconds; `undefined` when it is not known. */
  readonly time: number | undefined;
}

export type RateLimitCheck =
  /** `usage` has the action counted. */
  | { readonly allowed: true; readonly usage: Usage }
  /** `reason` is a sentence. */
  | { readonly allowed: false; readonly reason: string };

/** Whether the limits allow one more action. The sliding hour is `(time - 1 h, time]`. */
export function checkRateLimit(limits: RateLimits, usage: Usage, action: RateLimitedAction): RateLimitCheck {
  const { kind, severity, time } = action;
  const now = time === undefined ? undefined : Math.max(time, usage.latest ?? time);
  const when = time === undefined ? 'for events without a time' : 'in the last hour';
  const reasons: string[] = [];
  for (const part of partsFor(severity)) {
    const budgets = budgetsOf(limits, part, action);
    const reached = budgets.find((budget) => used(usage, keyOf(kind, part, budget), now) >= budget.limit);
    if (reached === undefined) {
      const keys = budgets.map((budget) => keyOf(kind, part, budget));
      return { allowed: true, usage: counted(usage, keys, now) };
    }
    reasons.push(budgetText(kind, part, reached, when));
  }
  return { allowed: false, reason: reasons.join(' ') };
}

function keyOf(kind: ActionKind, part: BudgetPart, { of, name }: Budget): string {
  return `${kind} ${part} ${of} ${name}`;
}

function counted(usage: Usage, keys: readonly string[], now: number | undefined): Usage {
  if (now === undefined) {
    const untimed = new Map(usage.untimed);
    for (const key of keys) untimed.set(key, (untimed.get(key) ?? 0) + 1);
    return { ...usage, untimed };
  }
  const times = new Map<string, readonly number[]>();
  for (const [key, all] of usage.times) {
    const recent = all.slice(firstAfter(all, now - hour));
    if (recent.length > 0) times.set(key, recent);
  }
  for (const key of keys) times.set(key, [...(times.get(key) ?? []), now]);
  return { ...usage, latest: now, times };
}

function used(usage: Usage, key: string, now: number | undefined): number {
  if (now === undefined) return usage.untimed.get(key) ?? 0;
  const times = usage.times.get(key) ?? [];
  return times.length - firstAfter(times, now - hour);
}

/** The index of the first time after `limit`, by binary search: the times are in order. */
function firstAfter(times: readonly number[], limit: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
