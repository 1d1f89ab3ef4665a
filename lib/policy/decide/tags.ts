/** What tags on a resource mean to the policy, and whether it needs to know them. */
import type { Resource } from '../../core/control.ts';
import { matchesPattern } from '../../core/pattern.ts';
import type { Guardrails, Policy } from '../model.ts';

/** Whether the resource is known to have a tag with a value that the pattern matches. */
export function hasTag({ tags }: Pick<Resource, 'tags'>, tag: string, pattern: string): boolean {
  if (tags === undefined || !Object.hasOwn(tags, tag)) return false;
  const value = tags[tag];
  return value !== undefined && matchesPattern(pattern, value);
}

/**
 * Whether tags may decide what is done about a control's findings: they may protect the resource, or exempt it. Only then are
 * tags read that evaluation did not read. An expired exemption counts too: the finding says that it has expired.
 */
export function usesTags(
  { guardrails, exemptionTags, exemptions }: Pick<Policy, 'guardrails' | 'exemptionTags' | 'exemptions'>,
  controlId: string,
): boolean {
  return (
    guardrails.protectedTags.size > 0 ||
    exemptionTags?.controls === 'all' ||
    exemptionTags?.controls.includes(controlId) === true ||
    exemptions.some(
      ({ tags, controls }) => tags !== undefined && (controls === undefined || controls.includes(controlId)),
    )
  );
}

/**
 * Why protected tags forbid to change a resource, as a sentence; `undefined` when they do not. While there are protected tags,
 * a resource whose tags are not known may have one of them, so that it is not changed either.
 * @param taggable whether resources of its type can have tags.
 * @param tagsUnknown why its tags are not known, as a clause, where that is known.
 */
export function protection(
  { protectedTags }: Guardrails,
  resource: Resource,
  taggable: boolean,
  tagsUnknown?: string,
): string | undefined {
  if (protectedTags.size === 0 || !taggable) return undefined;
  if (resource.tags === undefined) {
    const names = [...protectedTags.keys()].join(', ');
    const why = tagsUnknown === undefined ? '' : ` (${tagsUnknown})`;
    return `Its tags are not known${why}, and the policy protects resources by the tags ${names}.`;
  }
  for (const [tag, patterns] of protectedTags) {
    if (patterns.some((pattern) => hasTag(resource, tag, pattern))) {
      return `The policy protects it: it is tagged ${tag}=${resource.tags[tag] ?? ''}.`;
    }
  }
  return undefined;
}
