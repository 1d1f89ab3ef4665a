/** Checks a policy that is plain data, whatever format it was read from, and assembles it. */
import type { Action, Control } from '../../core/control.ts';
import { at } from '../../core/json.ts';
import { type AllowedCustomAction, requestable } from '../custom-actions.ts';
import type { Policy } from '../model.ts';
import { assemble } from './assemble.ts';
import type { KeyPath, Located } from './located.ts';
import { type PolicyProblem, problemsIn } from './messages.ts';
import { type PolicyFile, policySchema } from './schema.ts';

export type PolicyValidation =
  /** The schema does not accept it. */
  | { readonly kind: 'malformed'; readonly problems: readonly PolicyProblem[] }
  /** The schema accepts it; without problems, `policy` may be used. */
  | {
      readonly kind: 'well-formed';
      readonly policy: Policy;
      /** The policy as it is written, without the defaults of controls' settings. */
      readonly checked: PolicyFile;
      readonly problems: readonly PolicyProblem[];
    };

/**
 * Makes a function that checks policies against these controls. The function never throws, whatever the data:
 * - `written`: the policy as plain data.
 * - `name`: the name that the policy gets.
 * - `find`: returns the value at a path of `written`, `undefined` where there is none.
 */
export function policyChecker(
  controls: readonly Control[],
): (written: unknown, name: string, find: (path: KeyPath) => Located | undefined) => PolicyValidation {
  const schema = policySchema(controls);
  return (written, name, find) => {
    const parsed = schema.safeParse(written);
    if (!parsed.success) {
      const problems = parsed.error.issues.flatMap((issue) => problemsIn(issue, schema, find));
      return { kind: 'malformed', problems };
    }
    const checked = withoutDefaults(parsed.data, written);
    const { policy, rejected } = assemble(checked, name, controls);
    const problems = [
      ...rejected.map(({ path, message }) => ({ path, atKey: false, message, hint: undefined })),
      ...broadActionsNotAllowed(checked, policy, controls),
      ...uselessCustomActions(checked, policy, controls),
    ];
    return { kind: 'well-formed', policy, checked, problems };
  };
}

/**
 * The file without the defaults that the schema filled in with the controls' settings: the policy's `allowedAccounts` takes
 * precedence over those.
 */
function withoutDefaults(file: PolicyFile, written: unknown): PolicyFile {
  if (file.controls === undefined) return file;
  const entries = Object.entries(file.controls).map(([id, entry]) => {
    const settings = at(written, 'controls', id, 'settings');
    return [id, settings === undefined ? entry : { ...entry, settings }] as const;
  });
  return { ...file, controls: Object.fromEntries(entries) };
}

/** The actions that need permissions which IAM can't narrow, and that the file asks for without allowing those. */
function broadActionsNotAllowed(
  file: PolicyFile,
  policy: Policy,
  controls: readonly Control[],
): readonly PolicyProblem[] {
  return controls.flatMap(({ id, broadActions = {} }) => {
    const { enabled = false, actions = [] } = policy.controls.get(id) ?? {};
    return (Object.entries(broadActions) as [Action, string][]).flatMap(([action, because]) => {
      if (!enabled || policy.broadPermissions.includes(action)) return [];
      const paths = [
        ...(actions.includes(action) ? [pathOfAction(file, id, action)] : []),
        ...(file.operators?.customActions ?? []).flatMap((allowed, index) =>
          allowed === action ? [['operators', 'customActions', index]] : [],
        ),
      ];
      return paths.map((path) => ({
        path,
        atKey: false,
        message: `${action} needs permissions that IAM cannot narrow to what it does: ${because}`,
        hint: `allow them by "actions: { broadPermissions: [${action}] }", or remove ${action} here`,
      }));
    });
  });
}

/** Where the file lists an action of a control: under the control, else under the defaults. */
export function pathOfAction({ controls, defaults }: PolicyFile, id: string, action: Action): KeyPath {
  const own = controls?.[id]?.actions;
  if (own !== undefined) return ['controls', id, 'actions', own.indexOf(action)];
  return ['defaults', 'actions', defaults?.actions?.indexOf(action) ?? 0];
}

/** The custom actions that the file allows and that can never run under its policy. */
function uselessCustomActions(
  { operators }: PolicyFile,
  policy: Policy,
  controls: readonly Control[],
): readonly PolicyProblem[] {
  return (operators?.customActions ?? []).flatMap((allowed, index) => {
    const never = whyNeverRuns(allowed, policy, controls);
    if (never === undefined) return [];
    const message = `${allowed} can never run: ${never.because}`;
    return [{ path: ['operators', 'customActions', index], atKey: false, message, hint: never.hint }];
  });
}

/** Undo, re-check and exempt need no action of a control, so they can run for every finding. */
function whyNeverRuns(allowed: AllowedCustomAction, policy: Policy, controls: readonly Control[]) {
  if (allowed === 'undo' || allowed === 're-check' || allowed === 'exempt') return undefined;
  const withAction = controls.filter((control) => requestable(control).includes(allowed));
  const enabled = withAction.flatMap((control) => {
    const { enabled: isEnabled = false, settings } = policy.controls.get(control.id) ?? {};
    return isEnabled ? [{ control, settings }] : [];
  });
  if (enabled.length === 0) {
    const because = 'no enabled control has this action';
    const ids = withAction.map(({ id }) => id).join(' or ');
    return { because, hint: ids === '' ? removeIt : `enable ${ids}, or ${removeIt}` };
  }
  const reasons = enabled.map(({ control, settings }) => control.whyNeverRuns?.(allowed, settings));
  const [first] = reasons;
  if (first === undefined || reasons.includes(undefined)) return undefined;
  return { because: first.because, hint: `${first.hint}, or ${removeIt}` };
}

const removeIt = 'remove this custom action';
