/** Limits and breakers, for people and for programs. */
import { durationText } from '../../lib/policy/duration.ts';
import type { ActionKind, RateLimits } from '../../lib/policy/model.ts';
import type { BreakerReset, LimitState, OpenBreaker } from '../../lib/remediation/limits.ts';
import { printable, shortened } from '../output/printable.ts';

const hour = 3_600_000;

/** What is told of one kind of action. */
export interface BreakerView {
  readonly kind: ActionKind;
  readonly breaker: OpenBreaker | undefined;
  /** How it was closed last, as far as that is known. */
  readonly closing: BreakerReset | undefined;
  /** In the last hour, by account, most first. */
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
    .map(([account, uses]) => ({ account, count: uses.length }))
    .sort((one, other) => other.count - one.count || (one.account < other.account ? -1 : 1));
  return { kind, breaker: state.breaker, closing: state.reset, used, limits };
}

/** Two to four lines. */
export function breakerText({ kind, breaker, closing, used, limits }: BreakerView, now: number): string {
  const state =
    breaker === undefined
      ? 'closed'
      : `OPEN since ${timeOf(breaker.since)} (${agoText(now - breaker.since)} ago): ${printable(breaker.because)}`;
  const total = used.reduce((sum, { count }) => sum + count, 0);
  const accounts = used.map(({ account, count }) => `${count} in ${printable(account)}`).join(', ');
  const uses = total === 0 ? 'none' : `${total} (${accounts})`;
  return [
    `${kind}: ${state}`,
    `  in the last hour: ${uses}; allowed: ${limitsText(limits)}`,
    ...(breaker === undefined ? [] : [`  no ${kind} is done until somebody closes it`]),
    ...(closing === undefined ? [] : [`  last closed ${closingText(closing)}`]),
  ].join('\n');
}

function closingText({ at, actor: by, reason: why }: BreakerReset): string {
  return `${timeOf(at)} by ${shortened(by, 200)}: ${shortened(why, 400)}`;
}

export function limitsText({ perAccount, total }: RateLimits): string {
  return `${perAccount} in an account, ${total} in all`;
}

/** What closing the breaker allows again. */
export function closedText(view: BreakerView, wasOpen: boolean, policy: string): string {
  const { kind, limits } = view;
  if (!wasOpen) return `The breaker of ${kind} was closed already; nothing was changed.`;
  return (
    `The breaker of ${kind} is closed. From now on ${kind} is done again, in an hour at most: ${limitsText(limits)} ` +
    `(policy: ${printable(policy)}). What was used of the last hour counts no more. What was held back meanwhile is taken ` +
    'up again by the next scheduled scan.'
  );
}

/** For programs. */
export function breakerJson({ kind, breaker, closing, used, limits }: BreakerView): Record<string, unknown> {
  return {
    kind,
    open: breaker !== undefined,
    since: breaker === undefined ? null : timeOf(breaker.since),
    because: breaker?.because ?? null,
    lastClosed:
      closing === undefined ? null : { at: timeOf(closing.at), by: closing.actor, why: closing.reason },
    usedInLastHour: used,
    limits,
  };
}

function timeOf(time: number): string {
  return new Date(time).toISOString();
}

function agoText(milliseconds: number): string {
  return durationText(Math.max(1, Math.round(milliseconds / 60_000)) * 60_000);
}
