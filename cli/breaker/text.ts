/** The circuit breakers as text and as JSON. */
import { durationText } from '../../lib/policy/duration.ts';
import type { ActionKind, RateLimits } from '../../lib/policy/model.ts';
import type { BreakerReset, LimitState, OpenBreaker } from '../../lib/remediation/limits.ts';
import { printable, shortened } from '../output/printable.ts';

const hour = 3_600_000;

/** The breaker of one kind of action, with what the last hour used of its limits. */
export interface BreakerView {
  readonly kind: ActionKind;
  /** `undefined` while it is closed. */
  readonly breaker: OpenBreaker | undefined;
  /** Its last reset; `undefined` where none is known. */
  readonly lastReset: BreakerReset | undefined;
  /** Actions in the last hour by account, most first. */
  readonly used: readonly { readonly account: string; readonly count: number }[];
  readonly limits: RateLimits;
}

/** @param now epoch milliseconds. */
export function breakerView(
  kind: ActionKind,
  state: LimitState,
  limits: RateLimits,
  now: number,
): BreakerView {
  const recent = state.runs.filter(({ at }) => at > now - hour);
  const used = [...Map.groupBy(recent, ({ account }) => account)]
    .map(([account, runs]) => ({ account, count: runs.length }))
    .sort((one, other) => other.count - one.count || (one.account < other.account ? -1 : 1));
  return { kind, breaker: state.breaker, lastReset: state.reset, used, limits };
}

/** Two to four lines. */
export function breakerText({ kind, breaker, lastReset, used, limits }: BreakerView, now: number): string {
  const state =
    breaker === undefined
      ? 'closed'
      : `OPEN since ${timeText(breaker.since)} (${spanText(now - breaker.since)} ago): ${printable(breaker.because)}`;
  const total = used.reduce((sum, { count }) => sum + count, 0);
  const accounts = used.map(({ account, count }) => `${count} in ${printable(account)}`).join(', ');
  return [
    `${kind}: ${state}`,
    `  actions in the last hour: ${total === 0 ? 'none' : `${total} (${accounts})`}; limit: ${limitsText(limits)}`,
    ...(breaker === undefined ? [] : [`  no ${kind} action is carried out until the breaker is reset`]),
    ...(lastReset === undefined ? [] : [`  last reset: ${resetText(lastReset)}`]),
  ].join('\n');
}

function resetText({ at, actor, reason }: BreakerReset): string {
  return `${timeText(at)} by ${shortened(actor, 200)}: ${shortened(reason, 400)}`;
}

function limitsText({ perAccount, total }: RateLimits): string {
  return `${perAccount} per account, ${total} in total`;
}

/** What a reset allows again. */
export function resetDoneText({ kind, limits }: BreakerView, wasOpen: boolean, policy: string): string {
  if (!wasOpen) return `The ${kind} breaker was not open; nothing was changed.`;
  return (
    `The ${kind} breaker is closed, and its count starts anew. Limit per hour: ${limitsText(limits)} ` +
    `(policy: ${printable(policy)}). The next scheduled scan resumes the actions that were skipped meanwhile.`
  );
}

export function breakerJson({ kind, breaker, lastReset, used, limits }: BreakerView) {
  return {
    kind,
    open: breaker !== undefined,
    since: breaker === undefined ? null : timeText(breaker.since),
    reason: breaker?.because ?? null,
    lastReset:
      lastReset === undefined
        ? null
        : { at: timeText(lastReset.at), actor: lastReset.actor, reason: lastReset.reason },
    usedInLastHour: used,
    limits,
  };
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

function spanText(milliseconds: number): string {
  return durationText(Math.max(1, Math.round(milliseconds / 60_000)) * 60_000);
}
