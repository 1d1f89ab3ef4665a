import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../core/action.ts';
import { tagSettings } from '../../core/action-settings.ts';
import type { Resource } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';
import { tagAdapterOf, tagAdapters } from '../../services/tags.ts';
import { controlsIn, countWith, maxTags, tagsFor, trailsealTagsIn } from './tag/values.ts';

const reads = [...new Set(tagAdapters.flatMap(({ permissions }) => permissions.reads))].sort();
const tagWrites = tagAdapters.map(({ permissions }) => permissions.set);
const untagWrites = tagAdapters.map(({ permissions }) => permissions.remove);

/** The state before: what was there when the finding's part of the tags was added. */
const before = z.object({
  prefix: z.string(),
  /** Tags of these names that were there already, for other findings. */
  tags: z.record(z.string(), z.string()),
  /** When the resource was first tagged. */
  at: z.string(),
});

/**
 * Tags a resource with the controls that it fails. Several failing controls share one set of tags, and each removes only
 * its own part, so that in the end no tags are left, whatever the order.
 * Source: Amazon EC2 User Guide, "Tag your Amazon EC2 resources"; EKS and KMS API Reference, "TagResource".
 */
export const tag = defineAction({
  id: 'tag',
  description:
    'Tags the resource with trailseal:status, trailseal:controls, trailseal:finding and trailseal:at; the tags of ' +
    'several failing controls are merged, and each control removes its part when it passes. Safe: the resource works as ' +
    'before, unless somebody made something depend on these tags.',
  risk:
    'Policies that use tags (ABAC, tag policies, cost allocation) see the new ones. Whoever may read the tags of a ' +
    'resource learns that it fails.',
  permissions: { reads, writes: tagWrites },
  settings: tagSettings,
  before,
  was: ({ tags }) => {
    const there = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
    return [there.length === 0 ? 'no tags of Trailseal' : `the tags ${there.join(', ')}`];
  },

  async prepare({ resource, finding, settings: { prefix } }, deps) {
    const tagged = await tagAdapterOf(resource.type)?.read(resource, deps);
    if (tagAdapterOf(resource.type) === undefined) {
      return { kind: 'skipped', because: `${resource.id} is of a type that can't have tags.` };
    }
    if (tagged === undefined) return { kind: 'skipped', because: `${resource.id} was deleted.` };
    const there = controlsIn(tagged.tags, prefix);
    if (there === undefined) {
      return {
        kind: 'skipped',
        because: `${resource.id} has tags named ${prefix}… that Trailseal did not set; remove them, or choose another prefix.`,
      };
    }
    if (there.includes(finding.control)) {
      return { kind: 'needless', because: `${resource.id} is tagged for ${finding.control}.` };
    }
    if (tagged.obstacle !== undefined) {
      return { kind: 'skipped', because: `${resource.id} can't be tagged: ${tagged.obstacle}.` };
    }
    const at = tagged.tags[`${prefix}at`] ?? deps.now().toISOString();
    const tags = tagsFor(resource, [...there, finding.control], at, prefix);
    if (tags === undefined) {
      return {
        kind: 'skipped',
        because: `A tag has no room for all the controls that ${resource.id} fails.`,
      };
    }
    if (countWith(tagged.tags, tags) > maxTags) {
      return { kind: 'skipped', because: `${resource.id} has as many tags as AWS allows (${maxTags}).` };
    }
    return {
      kind: 'ready',
      before: { prefix, tags: trailsealTagsIn(tagged.tags, prefix), at },
      plan: [
        `Tag ${resource.id}: ${Object.entries(tags)
          .map(([name, value]) => `${name}=${value}`)
          .join(', ')}.`,
      ],
    };
  },

  apply: ({ resource, finding }, { prefix, at }, deps) =>
    write(resource, prefix, at, (there) => [...there, finding.control], deps),

  check: ({ resource, finding }, { prefix }, deps) => compare(resource, prefix, finding.control, true, deps),

  undo: {
    kind: 'restores',
    by: 'function',
    except: [],
    permissions: { reads, writes: [...tagWrites, ...untagWrites] },
    restore: ({ resource, finding }, { prefix, at }, deps) =>
      write(resource, prefix, at, (there) => there.filter((id) => id !== finding.control), deps),
    restored: ({ resource, finding }, { prefix }, deps) =>
      compare(resource, prefix, finding.control, false, deps),
  },
});

/** Makes the tags list these controls; writes only what differs. */
async function write(
  resource: Resource,
  prefix: string,
  at: string,
  change: (there: readonly string[]) => readonly string[],
  deps: ActionDeps,
): Promise<void> {
  const tagAdapter = tagAdapterOf(resource.type);
  const tagged = await tagAdapter?.read(resource, deps);
  if (tagAdapter === undefined || tagged === undefined) return;
  const there = controlsIn(tagged.tags, prefix);
  // Somebody has changed the tags to what only a person can interpret: `check` says so.
  if (there === undefined) return;
  const present = trailsealTagsIn(tagged.tags, prefix);
  const wanted = tagsFor(resource, change(there), present[`${prefix}at`] ?? at, prefix) ?? present;
  const superfluous = Object.keys(present).filter((name) => wanted[name] === undefined);
  if (superfluous.length > 0) await tagAdapter.remove(resource, superfluous, deps);
  if (!areAll(wanted, present)) await tagAdapter.set(resource, wanted, deps);
}

function areAll(wanted: Tags, present: Tags): boolean {
  return Object.entries(wanted).every(([name, value]) => present[name] === value);
}

async function compare(
  resource: Resource,
  prefix: string,
  control: string,
  wanted: boolean,
  deps: ActionDeps,
): Promise<Check> {
  const tagged = await tagAdapterOf(resource.type)?.read(resource, deps);
  if (tagged === undefined) return { kind: 'deleted', because: `${resource.id} was deleted` };
  const there = controlsIn(tagged.tags, prefix);
  if (there === undefined) {
    return {
      kind: 'differs',
      differences: [`tags named ${prefix}… are not as Trailseal sets them`],
      partial: false,
    };
  }
  return there.includes(control) === wanted
    ? {
        kind: 'as-set',
        state: [there.length === 0 ? 'no tags of Trailseal' : `tagged for ${there.join(', ')}`],
      }
    : { kind: 'differs', differences: [`it is ${wanted ? 'not ' : ''}tagged for ${control}`], partial: true };
}
