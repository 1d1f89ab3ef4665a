/**
 * What the tags of Trailseal say. Pure. All findings of a resource share one set of tags: `controls` lists the controls that it
 * fails, `finding` is the finding of the first of them, `at` the time at which the first was tagged.
 */
import { createHash } from 'node:crypto';
import type { Resource } from '../../../core/control.ts';
import type { Tags } from '../../../core/fact-provider.ts';
import { findingId } from '../../../findings/id.ts';

/** Maximum number of characters of a value. Source: "Tag restrictions" of Amazon EC2, Amazon EKS and AWS KMS. */
const maxCharacters = 256;
/** Maximum number of tags of a resource, without AWS's own, whose names begin with `aws:`. Same source. */
export const maxTags = 50;

export const names = ['status', 'controls', 'finding', 'at'] as const;

/** The value of `status` while there are any of these tags. */
const failed = 'failed';

/** The tags of these names on a resource, whoever set them. */
export function trailsealTagsIn(tags: Tags, prefix: string): Tags {
  const ours = names.flatMap((name): [string, string][] => {
    const value = tags[prefix + name];
    return value === undefined ? [] : [[prefix + name, value]];
  });
  return Object.fromEntries(ours);
}

/** The controls that the tags list; `undefined` where somebody else set tags of these names. */
export function controlsIn(tags: Tags, prefix: string): readonly string[] | undefined {
  if (Object.keys(trailsealTagsIn(tags, prefix)).length === 0) return [];
  const list = tags[`${prefix}controls`];
  if (list === undefined || tags[`${prefix}status`] !== failed) return undefined;
  return /^[a-z0-9-]+( [a-z0-9-]+)*$/.test(list) ? list.split(' ') : undefined;
}

/**
 * The tags for a resource that fails these controls.
 * @param at when the first of them was tagged: ISO 8601, UTC.
 * @returns none for no controls; `undefined` when the list is too long for a tag.
 */
export function tagsFor(
  resource: Resource,
  controls: readonly string[],
  at: string,
  prefix: string,
): Tags | undefined {
  const [first, ...others] = [...new Set(controls)].sort();
  if (first === undefined) return {};
  const list = [first, ...others].join(' ');
  if (list.length > maxCharacters) return undefined;
  return {
    [`${prefix}status`]: failed,
    [`${prefix}controls`]: list,
    [`${prefix}finding`]: tagValue(findingId(first, resource)),
    [`${prefix}at`]: at,
  };
}

/**
 * Any text as a value that EC2, EKS and KMS take alike: other characters than letters, digits, spaces and
 * `+ - = . _ : / @` become `_`; one that was changed so, or is longer than 256 characters, ends in `_` and the first 16
 * hex digits of its SHA-256, so that two texts stay two values.
 */
export function tagValue(text: string): string {
  const allowed = text.replace(/[^A-Za-z0-9 +\-=._:/@]/g, '_');
  if (allowed === text && text.length <= maxCharacters) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${allowed.slice(0, maxCharacters - digest.length - 1)}_${digest}`;
}

/** How many tags count towards AWS's limit when these are added. */
export function countWith(tags: Tags, added: Tags): number {
  return Object.keys({ ...tags, ...added }).filter((name) => !/^aws:/i.test(name)).length;
}
