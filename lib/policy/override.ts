/**
 * Policy overrides: a whole policy as JSON in an SSM parameter, which replaces the policy that a deployment was made with. It
 * narrows that policy and never widens it (`narrowing.ts`): whoever may write the parameter can restrain a deployment, and
 * can neither blind it nor let it do more.
 */
import type { Control } from '../core/control.ts';
import { at } from '../core/json.ts';
import { assemble } from './file/assemble.ts';
import { policyChecker } from './file/check.ts';
import { type KeyPath, type Located, leaf, showPath } from './file/located.ts';
import type { PolicyProblem } from './file/messages.ts';
import type { PolicyFile } from './file/schema.ts';
import type { Policy } from './model.ts';
import { widerThanDeployed } from './narrowing.ts';

/** Maximum size of a parameter's value, in bytes. Source: AWS Systems Manager User Guide, "Managing parameter tiers". */
export const longestOverride = 8_192;

/** Something that is wrong with an override. */
export interface OverrideFault {
  /** Such as `controls.kms-key-rotation.actions[0]`; empty for the whole override. */
  readonly path: string;
  readonly message: string;
  /** What to write instead; empty where that is not known. */
  readonly hint: string;
}

export type ReadOverride =
  | { readonly ok: true; readonly policy: Policy; readonly checked: PolicyFile }
  | { readonly ok: false; readonly faults: readonly OverrideFault[] };

/** Reads the JSON of an override; the policy gets the given name. Never throws, whatever the text. */
export type OverrideReader = (text: string, name: string) => ReadOverride;

/**
 * Makes the function that reads overrides of one deployment.
 * @param bundled the policy that the deployment was made with; without it, an override is not compared with anything.
 * @param controls all controls there are.
 * @example overrideReader(undefined, controls)('{"version":1}', 'parameter /trailseal/policy version 3') // { ok: true, … }
 */
export function overrideReader(
  bundled: PolicyFile | undefined,
  controls: readonly Control[],
): OverrideReader {
  const checkPolicy = policyChecker(controls);
  const deployed = bundled === undefined ? undefined : assemble(bundled, undefined, controls).policy;
  return (text, name) => {
    let written: unknown;
    try {
      written = JSON.parse(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return rejected([{ path: [], atKey: false, message: `is not JSON: ${why}`, hint: pushIt }]);
    }
    const check = checkPolicy(written, name, (path) => valueAt(written, path));
    if (check.kind === 'malformed') return rejected(check.problems);
    const { policy, checked } = check;
    const problems = [
      ...check.problems,
      ...(deployed === undefined
        ? []
        : widerThanDeployed({ override: policy, deployed, written: checked, controls })),
    ];
    return problems.length === 0 ? { ok: true, policy, checked } : rejected(problems);
  };
}

const pushIt = '"trailseal policy push" writes a policy file as JSON';

function rejected(problems: readonly PolicyProblem[]): ReadOverride {
  return {
    ok: false,
    faults: problems.map(({ path, message, hint }) => ({
      path: showPath(path),
      message,
      hint: hint ?? '',
    })),
  };
}

/** A value of the JSON, which has no positions. */
function valueAt(written: unknown, path: KeyPath): Located | undefined {
  const value = at(written, ...path);
  return value === undefined ? undefined : leaf(value, 0, undefined);
}

/** A fault as one line: `controls.kms-grant.enabled: enables …; deploy the policy instead`. */
export function faultText({ path, message, hint }: OverrideFault): string {
  const what = path === '' ? message : `${path}: ${message}`;
  return hint === '' ? what : `${what} (${hint})`;
}
