/** The differences between two policies, key by key. Pure. */
import { isObject } from '../../../lib/core/json.ts';
import { showPath } from '../../../lib/policy/file/located.ts';
import type { Policy } from '../../../lib/policy/model.ts';
import { shortened } from '../../output/printable.ts';

/** One difference; of lists, one for each entry that only one side has. `null` is an absent value. */
export interface PolicyChange {
  /** Such as `controls.kms-grant.severity`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** All differences in effect: a key that a file leaves out counts as its default. */
export function policyChanges(before: Policy, after: Policy): readonly PolicyChange[] {
  return differences([], plain(before), plain(after));
}

function differences(path: readonly string[], before: unknown, after: unknown): readonly PolicyChange[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences([...path, key], before[key], after[key]));
  }
  const shownPath = showPath(path);
  if (Array.isArray(before) && Array.isArray(after)) {
    const removed = before.filter((one) => !after.some((other) => sameJson(one, other)));
    const added = after.filter((one) => !before.some((other) => sameJson(one, other)));
    const changes = [
      ...removed.map((one) => ({ path: shownPath, before: one, after: null })),
      ...added.map((one) => ({ path: shownPath, before: null, after: one })),
    ];
    // The same entries in another order, or in another number.
    return changes.length > 0 ? changes : [{ path: shownPath, before, after }];
  }
  return [{ path: shownPath, before: before ?? null, after: after ?? null }];
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A policy as plain JSON with the keys of a policy file, without the file's name. */
function plain({ file: _, customActions, controls, exemptions, guardrails, ...rest }: Policy): unknown {
  return JSON.parse(
    JSON.stringify({
      ...rest,
      controls: Object.fromEntries(controls),
      exemptions: exemptions.map(({ tags, ...one }) => ({
        ...one,
        ...(tags === undefined ? {} : { tags: Object.fromEntries(tags) }),
      })),
      operators: { customActions },
      guardrails: { ...guardrails, protectedTags: Object.fromEntries(guardrails.protectedTags) },
    }),
  );
}

/** A line for each: `  controls.kms-grant.severity: MEDIUM → HIGH`. */
export function changesText(changes: readonly PolicyChange[]): string {
  return changes
    .map(({ path, before, after }) => `  ${shortened(path, 120)}: ${shown(before)} → ${shown(after)}`)
    .join('\n');
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  return shortened(typeof value === 'string' ? value : JSON.stringify(value), 200);
}
