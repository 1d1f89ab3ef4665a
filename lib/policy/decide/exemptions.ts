/** Which exemption covers a resource: one of the policy file, a tag on the resource, or an operator's. */
import type { Resource } from '../../core/control.ts';
import { matchesPattern } from '../../core/pattern.ts';
import { resourceName } from '../../core/resource-name.ts';
import { type Exemption, endOf, type FindingExemption, type Policy } from '../model.ts';
import { asExemption, type OperatorExemption } from '../operator-exemption.ts';
import { exemptionByTag } from './exemption-tag.ts';
import { hasTag } from './tags.ts';

type ExemptionRules = Pick<Policy, 'exemptions' | 'exemptionTags' | 'actions' | 'customActions'>;

/**
 * The exemption that covers a resource, for one control, at `now`. Of several active ones: the first in the file, else that of
 * the resource's tag, else the operator's. Without an active one: a tag that was refused, so that whoever set it learns why;
 * else the exemption that expired last, so that the finding says that it no longer holds.
 * @param byOperator an operator's exemption of the finding; it counts only while the policy allows the custom action `exempt`.
 */
export function exemptionFor(
  policy: ExemptionRules,
  controlId: string,
  resource: Resource,
  now: Date,
  byOperator?: OperatorExemption,
): FindingExemption | undefined {
  const found = exemptionAt(policy, controlId, resource, now, byOperator);
  return found !== undefined && expiresSoon(found, now) ? { ...found, endsSoon: true } : found;
}

function exemptionAt(
  policy: ExemptionRules,
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

/** Whether an active exemption ends within a week: the time to notify its owner. */
export function expiresSoon({ state, expires }: FindingExemption, now: Date): boolean {
  if (state !== 'active' || expires === null) return false;
  const left = endOf(expires) - now.getTime();
  return left > 0 && left <= 7 * 86_400_000;
}

/** The exemption that expired last; of two on the same day the first. Dates as YYYY-MM-DD are in the order of their text. */
function later(one: FindingExemption | undefined, other: FindingExemption): FindingExemption {
  return one === undefined || (other.expires ?? '') > (one.expires ?? '') ? other : one;
}

/**
 * Whether an exemption covers a resource, at whatever time. Unknown tags match nothing: no guess exempts a resource.
 * @example covers(policy.exemptions[0], 'ec2-volume-encryption', volume)
 */
export function covers(
  exemption: Exemption,
  controlId: string,
  resource: Parameters<typeof resourceName>[0] & Pick<Resource, 'tags'>,
): boolean {
  const { controls, accounts, regions, resources, tags } = exemption;
  return (
    (controls === undefined || controls.includes(controlId)) &&
    (accounts === undefined || accounts.includes(resource.account)) &&
    (regions === undefined || regions.includes(resource.region)) &&
    (resources === undefined ||
      resources.some((pattern) => matchesPattern(pattern, resourceName(resource)))) &&
    (tags === undefined || [...tags].every(([tag, pattern]) => hasTag(resource, tag, pattern)))
  );
}

function asFound({ reason, owner, expires }: Exemption, state: FindingExemption['state']): FindingExemption {
  return { state, from: 'policy', reason, owner, expires };
}
