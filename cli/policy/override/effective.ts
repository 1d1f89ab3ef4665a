/** Which policy is in force, as the functions find it. Pure. */
import type { OverrideFault, OverrideReader } from '../../../lib/policy/override.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import type { Change } from '../../kill-switch/parameter.ts';

export interface Standing {
  /** The newest version; `undefined` where there is no override. */
  readonly newest: Change | undefined;
  /** What is wrong with the newest version. */
  readonly faults: readonly OverrideFault[];
  /** The version that was deleted by, and the policy that it is; `undefined`: the deployed policy is. */
  readonly override: { readonly change: Change; readonly policy: Policy } | undefined;
}

/** @param versions newest first. */
export function standing(versions: readonly Change[], read: OverrideReader): Standing {
  const [newest] = versions;
  let faults: readonly OverrideFault[] = [];
  for (const change of versions) {
    const found = read(change.value, `version ${change.version ?? '?'}`);
    if (found.ok) return { newest, faults, override: { change, policy: found.policy } };
    if (change === newest) faults = found.faults;
  }
  return { newest, faults, override: undefined };
}
