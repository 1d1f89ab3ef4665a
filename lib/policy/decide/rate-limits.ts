/** Rate limits: how many actions of each kind the guardrails allow in an hour, counted while plans are made one by one. */
import type { ActionKind, RateLimits } from '../model.ts';

/**
 * What was used of the limits. Time never runs backwards: an action for an event that is older than the latest one counts at
 * the time of the latest one, because that is when it is carried out. Only the last hour is kept.
 */
export interface Usage {
  /** The latest time of any action, epoch milliseconds. */
  readonly latest: number | undefined;
  /** Times of the actions by `kind` and by `kind/account`, oldest first. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Counts, by the same keys, of the actions for events without a time: they share one hour, which never ends. */
  readonly untimed: ReadonlyMap<string, number>;
}

/** The usage before any action. */
export const noUsage: Usage = { latest: undefined, times: new Map(), untimed: new Map() };

const hour = 3_600_000;

export type RateLimitCheck =
  /** `usage` has the action counted. */
  | { readonly allowed: true; readonly usage: Usage }
  /** `reason` is a sentence. */
  | { readonly allowed: false; readonly reason: string };

/**
 * Whether the limits allow one more action of a kind, in an account and at a time.
 * The sliding hour is `(time - 1 h, time]`.
 * @param time epoch milliseconds; `undefined` when it is not known.
 */
export function checkRateLimit(
  limits: RateLimits,
  usage: Usage,
  kind: ActionKind,
  account: string,
  time: number | undefined,
): RateLimitCheck {
  const ofAll = kind;
  const ofAccount = `${kind}/${account}`;
  const now = time === undefined ? undefined : Math.max(time, usage.latest ?? time);
  const usedByAll = used(usage, ofAll, now);
  const usedByAccount = used(usage, ofAccount, now);
  if (usedByAccount >= limits.perAccount) {
    return { allowed: false, reason: limitText(kind, limits.perAccount, `in account ${account}`, time) };
  }
  if (usedByAll >= limits.total) {
    return { allowed: false, reason: limitText(kind, limits.total, 'in all accounts together', time) };
  }
  if (now === undefined) {
    const untimed = new Map(usage.untimed).set(ofAll, usedByAll + 1).set(ofAccount, usedByAccount + 1);
    return { allowed: true, usage: { ...usage, untimed } };
  }
  const times = new Map<string, readonly number[]>();
  for (const [key, all] of usage.times) {
    const recent = all.slice(firstAfter(all, now - hour));
    if (recent.length > 0) times.set(key, recent);
  }
  for (const key of [ofAll, ofAccount]) times.set(key, [...(times.get(key) ?? []), now]);
  return { allowed: true, usage: { ...usage, latest: now, times } };
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

const plurals: Readonly<Record<ActionKind, string>> = {
  tag: 'tag actions',
  quarantine: 'quarantines',
  fix: 'fixes',
};

/** Why a limit allows no further action, as a sentence: the limit, and where and when it holds. */
function limitText(kind: ActionKind, limit: number, where: string, time: number | undefined): string {
  if (limit === 0) return `The rate limit allows no ${plurals[kind]} ${where}.`;
  const when = time === undefined ? 'for events without a time' : 'in the last hour';
  return `Rate limit reached: ${limit} of ${limit} ${plurals[kind]} ${when} ${where}.`;
}
