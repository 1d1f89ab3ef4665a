/** What is otherwise in another policy, key by key. Pure. */
import { isObject } from '../../../lib/core/json.ts';
import { showPath } from '../../../lib/policy/path.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { shortened } from '../../output/printable.ts';

/** One thing that is otherwise. Of a list, each entry that only one side has; `null` is nothing. */
export interface PolicyChange {
  /** Such as `controls.kms-grant.severity`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** All that differs in what applies: what is left out in a file counts as its default. */
export function policyChanges(before: Policy, after: Policy): readonly PolicyChange[] {
  return differences([], plain(before), plain(after));
}

function differences(path: readonly string[], before: unknown, after: unknown): readonly PolicyChange[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences([...path, key], before[key], after[key]));
  }
  const where = showPath(path);
  if (Array.isArray(before) && Array.isArray(after)) {
    const deleted = before.filter((one) => !after.some((other) => sameJson(one, other)));
    const come = after.filter((one) => !before.some((other) => sameJson(one, other)));
    const changes = [
      ...deleted.map((one) => ({ path: where, before: one, after: null })),
      ...come.map((one) => ({ path: where, before: null, after: one })),
    ];
    // The same entries in another order, or another number of times.
    return changes.length > 0 ? changes : [{ path: where, before, after }];
  }
  return [{ path: where, before: before ?? null, after: after ?? null }];
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** As plain JSON, in the words of the file, without its name. */
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
  if (value === null) return 'nothing';
  return shortened(typeof value === 'string' ? value : JSON.stringify(value), 200);
}
