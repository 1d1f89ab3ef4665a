/**
 * The tag that exempts a resource: `trailseal:exempt`, or with another prefix. Its value is the last day on which that holds,
 * and the reason: `2027-01-31 load test until the end of January`. Whoever can launch a resource can tag it, so the policy says
 * from which controls tags may exempt, and for how long.
 */
import * as z from 'zod/mini';
import type { Resource } from '../../core/control.ts';
import { endOf, type FindingExemption, type Policy } from '../model.ts';

/** The owner of such an exemption, as nobody is named. */
const tagOwner = 'a tag on the resource';

const day = 86_400_000;
const isDate = (text: string): boolean => z.iso.date().safeParse(text).success;

/** The characters that all AWS services accept in tags. Source: AWS Tagging User Guide, "Tag naming limits and requirements". */
const tagCharacters = /^[\p{L}\p{N} _.:/=+\-@]*$/u;

/**
 * The exemption that the resource's tag asks for, for one control.
 * @returns `undefined` where the resource has no such tag, as far as is known. Its state is `refused`, with the reason, where
 *   the tag does not exempt.
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
    reason: `The tag ${name} does not exempt the resource: ${why}.`,
    owner: tagOwner,
    expires,
  });
  if (exemptionTags === undefined) return refused('the policy lets no tag exempt');
  const { controls, maxDays } = exemptionTags;
  if (controls !== 'all' && !controls.includes(controlId)) {
    return refused(`the policy lets no tag exempt from ${controlId}`);
  }
  if (!tagCharacters.test(value)) {
    return refused('its value has characters that not all AWS services accept in a tag');
  }
  const [expires = '', ...words] = value.trim().split(/ +/);
  if (!isDate(expires)) {
    return refused(
      'its value must begin with the last day on which it holds, a date that exists, as YYYY-MM-DD',
    );
  }
  const reason = words.join(' ');
  if (reason === '') return refused('it gives no reason after the date', expires);
  const end = endOf(expires);
  // Without the number of days: it would differ every day, and every change of the text updates Security Hub.
  if (Math.ceil((end - day - now.getTime()) / day) > maxDays) {
    return refused(`its last day is further away than the ${maxDays} days that the policy allows`, expires);
  }
  return {
    state: now.getTime() < end ? 'active' : 'expired',
    from: 'tag',
    reason,
    owner: tagOwner,
    expires,
  };
}
