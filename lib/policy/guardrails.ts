/** Guardrails: how much may be done in an hour, and to what nothing may be done. All pure. */
import type { Action, Resource, ResourceType } from '../core/control.ts';
import { hasTag } from './exemptions.ts';

export const kinds = ['tag', 'quarantine', 'fix'] as const;
/** The kinds of action that change something. Notifying changes nothing and is not limited. */
export type Kind = (typeof kinds)[number];

/** Actions of one kind in any sliding hour. */
export interface Limits {
  readonly perAccount: number;
  /** In all accounts together. */
  readonly total: number;
}

/** Unless the policy says otherwise, for each kind of action. */
export const defaultLimits: Limits = { perAccount: 10, total: 50 };

/** The kinds of action that may wait before they are carried out. */
export type Delayed = 'fix' | 'quarantine';

/** Unless the policy says otherwise, in milliseconds. */
export const defaultGracePeriod: Readonly<Record<Delayed, number>> = { fix: 0, quarantine: 15 * 60_000 };

/** No policy may ask for a longer one, in milliseconds: a failure that may wait for longer needs an exemption. */
export const longestGracePeriod = 7 * 24 * 3_600_000;

export interface Guardrails {
  readonly actionsPerHour: Readonly<Record<Kind, Limits>>;
  /** Patterns of values by tag: a resource that bears one of them is never changed. */
  readonly protectedTags: ReadonlyMap<string, readonly string[]>;
  /** Between a finding and an action, in milliseconds: while it lasts, a fix, an exemption or a person can stop it. */
  readonly gracePeriod: Readonly<Record<Delayed, number>>;
}

/**
 * What was used of the limits. Its clock never runs back: an action for an event older than the last one counts
 * at the time of the last one, because that is when it is done. Only the last hour is kept.
 */
export interface Usage {
  /** The newest time seen, epoch milliseconds. */
  readonly latest: number | undefined;
  /** Times of the actions by `kind` and by `kind/account`, oldest first. */
  readonly times: ReadonlyMap<string, readonly number[]>;
  /** Counts by the same keys of the actions for events without a time: they share one hour, without end. */
  readonly untimed: ReadonlyMap<string, number>;
}

/** Nothing used yet. */
export const noUsage: Usage = { latest: undefined, times: new Map(), untimed: new Map() };

const hour = 3_600_000;

/** The kind of an action; `undefined` for one that changes nothing. */
export function kindOf(action: Action): Kind | undefined {
  if (action === 'notify') return undefined;
  return action === 'tag' || action === 'quarantine' ? action : 'fix';
}

/** How long an action waits after the finding, in milliseconds. */
export function graceOf({ gracePeriod }: Guardrails, action: Action): number {
  const kind = kindOf(action);
  return kind === 'fix' || kind === 'quarantine' ? gracePeriod[kind] : 0;
}

export type Admission =
  | { readonly admitted: true; readonly usage: Usage }
  | { readonly admitted: false; readonly reason: string };

/**
 * Whether one more action of a kind may be done in an account at a time, and the usage with it counted.
 * The sliding hour is `(time - 1 h, time]`.
 */
export function admit(
  limits: Limits,
  usage: Usage,
  kind: Kind,
  account: string,
  time: number | undefined,
): Admission {
  const ofAll = kind;
  const ofAccount = `${kind}/${account}`;
  const now = time === undefined ? undefined : Math.max(time, usage.latest ?? time);
  const usedByAll = used(usage, ofAll, now);
  const usedByAccount = used(usage, ofAccount, now);
  if (usedByAccount >= limits.perAccount) {
    return { admitted: false, reason: exhausted(kind, limits.perAccount, `in account ${account}`, time) };
  }
  if (usedByAll >= limits.total) {
    return { admitted: false, reason: exhausted(kind, limits.total, 'in all accounts together', time) };
  }
  if (now === undefined) {
    const untimed = new Map(usage.untimed).set(ofAll, usedByAll + 1).set(ofAccount, usedByAccount + 1);
    return { admitted: true, usage: { ...usage, untimed } };
  }
  const times = new Map<string, readonly number[]>();
  for (const [key, all] of usage.times) {
    const recent = all.slice(firstAfter(all, now - hour));
    if (recent.length > 0) times.set(key, recent);
  }
  for (const key of [ofAll, ofAccount]) times.set(key, [...(times.get(key) ?? []), now]);
  return { admitted: true, usage: { ...usage, latest: now, times } };
}

function used(usage: Usage, key: string, now: number | undefined): number {
  if (now === undefined) return usage.untimed.get(key) ?? 0;
  const times = usage.times.get(key) ?? [];
  return times.length - firstAfter(times, now - hour);
}

/** The index of the first time after `limit`; the times are in order, so half of them fall away at each step. */
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

function exhausted(kind: Kind, limit: number, where: string, time: number | undefined): string {
  const name = kind === 'fix' ? 'fixes' : `${kind} actions`;
  if (limit === 0) return `The guardrail allows no ${name} ${where}.`;
  const when = time === undefined ? 'for events without a time' : 'in the last hour';
  return `The guardrail allows ${limit} ${name} an hour ${where}, and ${limit} were planned ${when}.`;
}

/** What bears no tags in EC2 or KMS, so that none can protect it: KMS TagResource takes keys only. */
const withoutTags: readonly ResourceType[] = ['AwsAccount', 'AwsKmsGrant'];

/** Whether the resource is of a kind that bears tags. */
export function isTaggable({ type }: Resource): boolean {
  return !withoutTags.includes(type);
}

/**
 * Why a resource must not be changed, as a sentence; `undefined` when it may be. While some tags protect, a
 * resource whose tags are not known may bear one, so that it is not changed either.
 * @param tagsUnknown why its tags are not known, as a clause, where that was told.
 */
export function protection(
  guardrails: Guardrails,
  resource: Resource,
  tagsUnknown?: string,
): string | undefined {
  const { protectedTags } = guardrails;
  if (protectedTags.size === 0 || !isTaggable(resource)) return undefined;
  if (resource.tags === undefined) {
    const names = [...protectedTags.keys()].join(', ');
    const why = tagsUnknown === undefined ? '' : ` (${tagsUnknown})`;
    return `Its tags are not known${why}, and the policy protects what is tagged with ${names}.`;
  }
  for (const [tag, patterns] of protectedTags) {
    if (patterns.some((pattern) => hasTag(resource, tag, pattern))) {
      return `The policy protects it: it is tagged ${tag}=${resource.tags[tag] ?? ''}.`;
    }
  }
  return undefined;
}
