/**
 * Custom actions: what an operator may request for one finding in Security Hub. The policy lists the allowed ones; without
 * `operators` there are none.
 */
import type { Action, Control } from '../core/control.ts';
import { type CustomActionName, customActionNames } from '../core/custom-action.ts';

/** Entries of `operators.customActions` that are no actions of a control. */
export const otherRequests = ['undo', 're-check', 'exempt'] as const;
export type OtherRequest = (typeof otherRequests)[number];

/** An action of a control that an operator can request for a finding. */
export type RequestedAction = Exclude<Action, 'notify' | 'tag'>;

/** An entry of `operators.customActions` in the policy. */
export type AllowedCustomAction = OtherRequest | RequestedAction;

/** The actions of a control that operators can request, in the control's order. */
export function requestable({ actions, onRequestOnly = [] }: Pick<Control, 'actions' | 'onRequestOnly'>) {
  return [...actions, ...onRequestOnly].filter(isRequestable);
}

/** Whether operators can request an action: a notification and a tag follow from the policy alone. */
export function isRequestable(action: Action): action is RequestedAction {
  return action !== 'notify' && action !== 'tag';
}

function customActionOf(allowed: AllowedCustomAction): CustomActionName {
  return allowed.startsWith('fix:') ? 'fix' : (allowed as Exclude<AllowedCustomAction, `fix:${string}`>);
}

/**
 * The custom actions of Security Hub that the policy's entries need, in the order in which they are shown.
 * @example customActionsOf(['undo', 'fix:enable-key', 'fix:enable-rotation']) // ['fix', 'undo']
 */
export function customActionsOf(allowed: readonly AllowedCustomAction[]): readonly CustomActionName[] {
  const names = new Set(allowed.map(customActionOf));
  return customActionNames.filter((name) => names.has(name));
}
