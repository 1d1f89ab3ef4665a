/**
 * What the tags say. Pure. All findings of a resource share one set of tags: `controls` lists the controls that it
 * fails, `finding` is the finding of the first of them, `at` the time at which the first was tagged.
 */
import { createHash } from 'node:crypto';
import type { Tags } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { findingId } from '../../../findings/id.ts';

/** The most characters of a value. Source: "Tag restrictions" of Amazon EC2, Amazon EKS and AWS KMS. */
const mostCharacters = 256;
/** The most tags of a resource, besides those of AWS's own, whose names begin with `aws:`. Same source. */
export const mostTags = 50;

export const names = ['status', 'controls', 'finding', 'at'] as const;

/** What `status` says while there are any of these tags. */
const failed = 'failed';

/** The tags of ours on a resource, whoever's they are. */
export function oursIn(tags: Tags, prefix: string): Tags {
  const ours = names.flatMap((name): [string, string][] => {
    const value = tags[prefix + name];
    return value === undefined ? [] : [[prefix + name, value]];
  });
  return Object.fromEntries(ours);
}

/** The controls that the tags list; `undefined` where tags of these names say something else, and are not Trailseal's. */
export function controlsIn(tags: Tags, prefix: string): readonly string[] | undefined {
  if (Object.keys(oursIn(tags, prefix)).length === 0) return [];
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
  if (list.length > mostCharacters) return undefined;
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
  const plain = text.replace(/[^A-Za-z0-9 +\-=._:/@]/g, '_');
  if (plain === text && text.length <= mostCharacters) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${plain.slice(0, mostCharacters - digest.length - 1)}_${digest}`;
}

/** How many tags count towards AWS's limit when these are added. */
export function countWith(tags: Tags, added: Tags): number {
  return Object.keys({ ...tags, ...added }).filter((name) => !/^aws:/i.test(name)).length;
}
