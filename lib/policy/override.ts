/**
 * Policy overrides: a whole policy as JSON in an SSM parameter, which replaces the policy that a deployment was made with. It
 * can't allow more than the deployed policy: the deployment's permissions were fixed when it was made.
 */
import type { Action, Control } from '../core/control.ts';
import { at, isObject } from '../core/json.ts';
import { assemble } from './file/assemble.ts';
import { policyChecker } from './file/check.ts';
import { type KeyPath, type Located, leaf, showPath } from './file/located.ts';
import type { PolicyProblem } from './file/messages.ts';
import type { PolicyFile } from './file/schema.ts';
import type { Policy } from './model.ts';

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
 * @param bundled the policy that the deployment was made with; without it, nothing is beyond the deployment.
 * @param controls all controls there are.
 * @example overrideReader(undefined, controls)('{"version":1}', 'parameter /trailseal/policy version 3') // { ok: true, … }
 */
export function overrideReader(
  bundled: PolicyFile | undefined,
  controls: readonly Control[],
): OverrideReader {
  const checkPolicy = policyChecker(controls);
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
      ...(bundled === undefined ? [] : beyondDeployment(checked, bundled, controls)),
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

/**
 * What an override allows and the deployed policy does not, so that the deployment lacks the permissions: controls, actions,
 * custom actions, and tags of another prefix.
 * @param override checked by the schema for these controls, as `bundled` is.
 * @returns a problem for each, with its path in the override.
 */
export function beyondDeployment(
  override: PolicyFile,
  bundled: PolicyFile,
  controls: readonly Control[],
): readonly PolicyProblem[] {
  const { policy: wanted } = assemble(override, undefined, controls);
  const { policy: deployed } = assemble(bundled, undefined, controls);
  const ofControls = controls.flatMap(({ id }) => {
    const here = wanted.controls.get(id);
    const there = deployed.controls.get(id);
    if (here?.enabled !== true) return [];
    if (there?.enabled !== true) {
      return [beyond(pathOfEnabled(override, id), `enables ${id}, which the deployed policy does not`)];
    }
    return here.actions
      .filter((action) => !there.actions.includes(action))
      .map((action) =>
        beyond(
          pathOfAction(override, id, action),
          `lists ${action} for ${id}, which the deployed policy does not`,
        ),
      );
  });
  const ofCustomActions = wanted.customActions
    .filter((allowed) => !deployed.customActions.includes(allowed))
    .map((allowed) =>
      beyond(
        ['operators', 'customActions', override.operators?.customActions.indexOf(allowed) ?? 0],
        `lists the custom action ${allowed}, which the deployed policy does not`,
      ),
    );
  return [...ofControls, ...ofCustomActions, ...ofTags(wanted, deployed)];
}

/** The deployment may set and delete tags under the deployed policy's prefix only. */
function ofTags(wanted: Policy, deployed: Policy): readonly PolicyProblem[] {
  const tagging = [...wanted.controls.values()].some(
    ({ enabled, actions }) => enabled && actions.includes('tag'),
  );
  const { prefix } = deployed.actions.tag;
  if (!tagging || wanted.actions.tag.prefix.startsWith(prefix)) return [];
  return [
    beyond(
      ['actions', 'tag', 'prefix'],
      `must begin with ${JSON.stringify(prefix)}, the prefix in the deployed policy`,
    ),
  ];
}

function beyond(path: KeyPath, message: string): PolicyProblem {
  return { path, atKey: false, message, hint: 'remove it, or deploy the policy instead' };
}

/** Where the override enables a control: under the control, else under the defaults; empty where it does so by neither. */
function pathOfEnabled({ controls, defaults }: PolicyFile, id: string): KeyPath {
  const entry = controls?.[id];
  if (isObject(entry) && entry.enabled !== undefined) return ['controls', id, 'enabled'];
  return defaults?.enabled === undefined ? [] : ['defaults', 'enabled'];
}

function pathOfAction({ controls, defaults }: PolicyFile, id: string, action: Action): KeyPath {
  const own = controls?.[id]?.actions;
  if (own !== undefined) return ['controls', id, 'actions', own.indexOf(action)];
  return ['defaults', 'actions', defaults?.actions?.indexOf(action) ?? 0];
}
