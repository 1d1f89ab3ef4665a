/**
 * Orders: what an operator may have done about one finding, by a custom action in Security Hub. The policy says which there are;
 * without a word of it there are none.
 */
import type { Action, Control } from '../core/control.ts';
import { kindOf } from './guardrails.ts';

/** The orders that change a resource are named by their actions; these are the others. */
export const otherRequests = ['undo', 're-check', 'exempt'] as const;
export type OtherRequest = (typeof otherRequests)[number];

/** What the policy may allow operators to order. */
export type Requestable = OtherRequest | RequestedAction;
/** An action that can be ordered for a finding, as far as its control has it. */
export type RequestedAction = Exclude<Action, 'notify' | 'tag'>;

/** A custom action: what operators see in Security Hub. "Fix" stands for every fix that the finding's control has. */
export const customActionNames = ['quarantine', 'fix', 'undo', 're-check', 'exempt'] as const;
export type CustomActionName = (typeof customActionNames)[number];

/** The actions of a control that can be ordered, in the order in which it has them. */
export function requestable({ actions, onRequestOnly = [] }: Pick<Control, 'actions' | 'onRequestOnly'>) {
  return [...actions, ...onRequestOnly].filter(isRequestable);
}

export function isRequestable(action: Action): action is RequestedAction {
  const kind = kindOf(action);
  return kind === 'fix' || kind === 'quarantine';
}

/** The custom action by which it is ordered. */
export function customActionOf(order: Requestable): CustomActionName {
  return order.startsWith('fix:') ? 'fix' : (order as Exclude<Requestable, `fix:${string}`>);
}

/** The custom actions that these orders need, in the order in which they are shown. */
export function customActionsOf(customActions: readonly Requestable[]): readonly CustomActionName[] {
  const wanted = new Set(customActions.map(customActionOf));
  return customActionNames.filter((customAction) => wanted.has(customAction));
}
