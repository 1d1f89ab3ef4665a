/** Exemptions: what is exempted, by whom, why and until when. */
import type { Resource } from '../core/control.ts';
import type { FindingExemption } from '../findings/finding.ts';
import type { Policy } from './assemble.ts';
import { exemptionByTag } from './exemption-tag.ts';
import { endOf } from './last-day.ts';
import { asExemption, type OperatorExemption } from './operator-exemption.ts';
import { matchesPattern } from './pattern.ts';

/** Every criterion that is given must match; one that is `undefined` matches everything. */
export interface Exemption {
  readonly controls: readonly string[] | undefined;
  readonly accounts: readonly string[] | undefined;
  readonly regions: readonly string[] | undefined;
  /** Patterns of the resource's ARN. */
  readonly resources: readonly string[] | undefined;
  /** Patterns of values by tag; the resource must bear every one. */
  readonly tags: ReadonlyMap<string, string> | undefined;
  readonly reason: string;
  readonly owner: string;
  /** The last day (UTC) on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

const day = 86_400_000;

type Exempting = Pick<Policy, 'exemptions' | 'exemptionTags' | 'actions' | 'customActions'>;

/**
 * The exemption that covers a resource, for one control, at `now`: of several active ones the first in the file, after
 * those that of a tag on the resource, and then an operator's. With none active, a tag that exempts nothing, so that
 * whoever set it learns why; else the one that expired last, so that the output can say that it no longer holds.
 * @param byOperator what an operator said of the finding; it counts while the policy lets operators exempt.
 */
export function exemptionFor(
  policy: Exempting,
  controlId: string,
  resource: Resource,
  now: Date,
  byOperator?: OperatorExemption,
): FindingExemption | undefined {
  const found = exemptionAt(policy, controlId, resource, now, byOperator);
  return found !== undefined && expiresSoon(found, now) ? { ...found, endsSoon: true } : found;
}

function exemptionAt(
  policy: Exempting,
  controlId: string,
  resource: Resource,
  now: Date,
  byOperator: OperatorExemption | undefined,
): FindingExemption | undefined {
  let expired: FindingExemption | undefined;
  for (const exemption of policy.exemptions) {
    if (!covers(exemption, controlId, resource)) continue;
    if (now.getTime() < endOf(exemption.expires)) return asFound(exemption, 'active');
    expired = later(expired, asFound(exemption, 'expired'));
  }
  const byTag = exemptionByTag(policy, controlId, resource, now);
  if (byTag?.state === 'active') return byTag;
  const requested =
    byOperator !== undefined && policy.customActions.includes('exempt')
      ? asExemption(byOperator, now)
      : undefined;
  if (requested?.state === 'active') return requested;
  if (requested !== undefined) expired = later(expired, requested);
  return byTag?.state === 'expired' ? later(expired, byTag) : (byTag ?? expired);
}

/**
 * Whether an exemption ends within a week: the time to tell whoever answers for it. Only one that still holds ends
 * soon.
 */
export function expiresSoon({ state, expires }: FindingExemption, now: Date): boolean {
  if (state !== 'active' || expires === null) return false;
  const left = endOf(expires) - now.getTime();
  return left > 0 && left <= 7 * day;
}

/** The one that expired last; of two on the same day the first. Dates written YYYY-MM-DD are in the order of their text. */
function later(one: FindingExemption | undefined, other: FindingExemption): FindingExemption {
  return one === undefined || (other.expires ?? '') > (one.expires ?? '') ? other : one;
}

/** What it exempts, whenever. Tags that are not known match nothing: nothing is exempted by a guess. */
function covers(exemption: Exemption, controlId: string, resource: Resource): boolean {
  const { controls, accounts, regions, resources, tags } = exemption;
  return (
    (controls === undefined || controls.includes(controlId)) &&
    (accounts === undefined || accounts.includes(resource.account)) &&
    (regions === undefined || regions.includes(resource.region)) &&
    (resources === undefined || resources.some((pattern) => matchesPattern(pattern, resource.arn))) &&
    (tags === undefined || [...tags].every(([tag, pattern]) => hasTag(resource, tag, pattern)))
  );
}

/** Whether the resource is known to bear the tag with a value that the pattern matches. */
export function hasTag(resource: Resource, tag: string, pattern: string): boolean {
  if (resource.tags === undefined || !Object.hasOwn(resource.tags, tag)) return false;
  const value = resource.tags[tag];
  return value !== undefined && matchesPattern(pattern, value);
}

function asFound({ reason, owner, expires }: Exemption, state: FindingExemption['state']): FindingExemption {
  return { state, from: 'policy', reason, owner, expires };
}
