/**
 * The tag by which a resource may be exempted: `trailseal:exempt`, or with another prefix, with the last day on which
 * that holds and the reason: `2027-01-31 load test until the end of January`. Whoever can launch something can tag
 * it, so that it counts only as far as the policy says.
 */
import * as z from 'zod/mini';
import type { Resource } from '../core/control.ts';
import type { FindingExemption } from '../findings/finding.ts';
import type { Policy } from './assemble.ts';

/** What tags may exempted. */
export interface ExemptionTags {
  readonly controls: readonly string[] | 'all';
  /** How far away the last day may be, at any time. */
  readonly maxDays: number;
}

/** The most that a policy may allow. */
export const mostDays = 365;

/** Who answers for it, as far as anybody can tell. */
export const tagOwner = 'a tag on the resource';

const day = 86_400_000;
const isDate = (text: string): boolean => z.iso.date().safeParse(text).success;

/** What AWS services take in tags. Source: AWS Tagging User Guide, "Tag naming limits and requirements". */
const tagCharacters = /^[\p{L}\p{N} _.:/=+\-@]*$/u;

/**
 * What the resource's tag asks for, and whether it is granted for one control at `now`.
 * @returns `undefined` where the resource bears no such tag, as far as is known; a state of `refused`, with the
 *   reason, where the tag exempts nothing.
 */
export function exemptionByTag(
  { exemptionTags, actions }: Pick<Policy, 'exemptionTags' | 'actions'>,
  controlId: string,
  { tags }: Resource,
  now: Date,
): FindingExemption | undefined {
  const name = `${actions.tag.prefix}exempt`;
  const value = tags !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined;
  if (value === undefined) return undefined;
  const refused = (why: string, expires: string | null = null): FindingExemption => ({
    state: 'refused',
    from: 'tag',
    reason: `The tag ${name} exempts nothing: ${why}.`,
    owner: tagOwner,
    expires,
  });
  if (exemptionTags === undefined) return refused('the policy lets no tag exempt');
  const { controls, maxDays } = exemptionTags;
  if (controls !== 'all' && !controls.includes(controlId)) {
    return refused(`the policy lets no tag exempt from ${controlId}`);
  }
  if (!tagCharacters.test(value)) {
    return refused('its value holds characters that not all AWS services take in a tag');
  }
  const [expires = '', ...words] = value.trim().split(/ +/);
  if (!isDate(expires)) {
    return refused(
      'its value must begin with the last day on which it holds, a date that exists, as YYYY-MM-DD',
    );
  }
  const reason = words.join(' ');
  if (reason === '') return refused('it gives no reason after the date', expires);
  const last = Date.parse(`${expires}T00:00:00Z`);
  // The figure would be another every day, and Security Hub told of it.
  if (Math.ceil((last - now.getTime()) / day) > maxDays) {
    return refused(`its last day is further away than the ${maxDays} days that the policy allows`, expires);
  }
  return {
    state: now.getTime() < last + day ? 'active' : 'expired',
    from: 'tag',
    reason,
    owner: tagOwner,
    expires,
  };
}
