/**
 * An override: a effective policy in place of the one that a deployment was made with, as JSON in an SSM parameter. It
 * tunes and narrows. What a deployment may do was settled when it was made, so that an override can't ask for more.
 */
import type { Action, Control } from '../core/control.ts';
import { at, isObject } from '../core/json.ts';
import { asWritten } from './as-written.ts';
import { assemble, type Policy } from './assemble.ts';
import { type Complaint, complaints } from './messages.ts';
import { neverRuns } from './never-runs.ts';
import { type Path, showPath } from './path.ts';
import { type PolicyFile, policySchema } from './schema.ts';
import type { Located } from './yaml.ts';

/** So long may a parameter's value be, in bytes. Source: AWS Systems Manager User Guide, "Managing parameter tiers". */
export const longestOverride = 8_192;

/** Something that is wrong with an override. */
export interface OverrideFault {
  /** Such as `controls.kms-key-rotation.actions[0]`; empty for the whole of it. */
  readonly path: string;
  readonly message: string;
  /** What to write instead; empty where that cannot be told. */
  readonly hint: string;
}

export type ReadOverride =
  | { readonly ok: true; readonly policy: Policy; readonly checked: PolicyFile }
  | { readonly ok: false; readonly faults: readonly OverrideFault[] };

/** @param name what the policy is called from then on. Never throws, whatever the text. */
export type OverrideReader = (text: string, name: string) => ReadOverride;

/**
 * Makes what reads overrides of one deployment.
 * @param bundled the policy that it was made with; where that is not known, nothing tells whether an override fits it.
 * @param controls all controls there are.
 */
export function overrideReader(
  bundled: PolicyFile | undefined,
  controls: readonly Control[],
): OverrideReader {
  const schema = policySchema(controls);
  return (text, name) => {
    let written: unknown;
    try {
      written = JSON.parse(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return refused([{ path: [], atKey: false, message: `is not JSON: ${why}`, hint: pushIt }]);
    }
    const parsed = schema.safeParse(written);
    if (!parsed.success) {
      return refused(
        parsed.error.issues.flatMap((issue) => complaints(issue, schema, (path) => found(written, path))),
      );
    }
    const checked = asWritten(parsed.data, written);
    const { policy, refused: unaccepted } = assemble(checked, name, controls);
    const faults: readonly Complaint[] = [
      ...unaccepted.map(({ path, message }) => ({ path, atKey: false, message, hint: undefined })),
      ...neverRuns(checked, policy, controls),
      ...(bundled === undefined ? [] : beyondDeployment(checked, bundled, controls)),
    ];
    return faults.length === 0 ? { ok: true, policy, checked } : refused(faults);
  };
}

const pushIt = '"trailseal policy push" makes it of a policy file';

function refused(faults: readonly Complaint[]): ReadOverride {
  return {
    ok: false,
    faults: faults.map(({ path, message, hint }) => ({ path: showPath(path), message, hint: hint ?? '' })),
  };
}

/** What stands at a path, as the messages want it. */
function found(written: unknown, path: Path): Located | undefined {
  const value = at(written, ...path);
  if (value === undefined) return undefined;
  return { value, offset: 0, source: undefined, children: new Map(), size: 1 };
}

/** A fault as one line: `controls.kms-grant.enabled: enables …; deploy the policy instead`. */
export function faultText({ path, message, hint }: OverrideFault): string {
  const what = path === '' ? message : `${path}: ${message}`;
  return hint === '' ? what : `${what} (${hint})`;
}

/**
 * What an override asks for that the deployment has no rights to, as its own policy does not ask for it: controls,
 * actions, orders, and tags of another prefix.
 * @param override checked, as `bundled` is, by the schema for these controls.
 * @returns a complaint for each, with its path in the override.
 */
export function beyondDeployment(
  override: PolicyFile,
  bundled: PolicyFile,
  controls: readonly Control[],
): readonly Complaint[] {
  const { policy: wanted } = assemble(override, undefined, controls);
  const { policy: deployed } = assemble(bundled, undefined, controls);
  const ofControls = controls.flatMap(({ id }) => {
    const here = wanted.controls.get(id);
    const there = deployed.controls.get(id);
    if (here?.enabled !== true) return [];
    if (there?.enabled !== true) {
      return [beyond(whereEnabled(override, id), `enables ${id}, which the deployed policy does not`)];
    }
    return here.actions
      .filter((action) => !there.actions.includes(action))
      .map((action) =>
        beyond(
          whereAsked(override, id, action),
          `asks for ${action} when ${id} fails, which the deployed policy does not`,
        ),
      );
  });
  const ofRequests = wanted.customActions
    .filter((order) => !deployed.customActions.includes(order))
    .map((order) =>
      beyond(
        ['operators', 'customActions', override.operators?.customActions.indexOf(order) ?? 0],
        `lets operators order ${order}, which the deployed policy does not`,
      ),
    );
  return [...ofControls, ...ofRequests, ...ofTags(wanted, deployed)];
}

/** Tags may be set, and taken away, under the deployed policy's prefix. */
function ofTags(wanted: Policy, deployed: Policy): readonly Complaint[] {
  const tagging = [...wanted.controls.values()].some(
    ({ enabled, actions }) => enabled && actions.includes('tag'),
  );
  const { prefix } = deployed.actions.tag;
  if (!tagging || wanted.actions.tag.prefix.startsWith(prefix)) return [];
  return [
    beyond(
      ['actions', 'tag', 'prefix'],
      `must begin with ${JSON.stringify(prefix)}, as the deployed policy's`,
    ),
  ];
}

function beyond(path: Path, message: string): Complaint {
  return { path, atKey: false, message, hint: 'take it out, or deploy the policy instead' };
}

/** What enables it: its own word, else that of the defaults, else that there is none. */
function whereEnabled({ controls, defaults }: PolicyFile, id: string): Path {
  const entry = controls?.[id];
  if (isObject(entry) && entry.enabled !== undefined) return ['controls', id, 'enabled'];
  return defaults?.enabled === undefined ? [] : ['defaults', 'enabled'];
}

function whereAsked({ controls, defaults }: PolicyFile, id: string, action: Action): Path {
  const own = controls?.[id]?.actions;
  if (own !== undefined) return ['controls', id, 'actions', own.indexOf(action)];
  return ['defaults', 'actions', defaults?.actions?.indexOf(action) ?? 0];
}
