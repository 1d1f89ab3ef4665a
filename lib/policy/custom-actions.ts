/**
 * Orders: what an operator may have done about one finding, by a button in Security Hub. The policy says which there are;
 * without a word of it there are none.
 */
import type { Action, Control } from '../core/control.ts';
import { kindOf } from './guardrails.ts';

/** The orders that change a resource are named by their actions; these are the others. */
export const plainOrders = ['undo', 're-check', 'exempt'] as const;
export type PlainOrder = (typeof plainOrders)[number];

/** What the policy may allow operators to order. */
export type Order = PlainOrder | OrderedAction;
/** An action that can be ordered for a finding, as far as its control has it. */
export type OrderedAction = Exclude<Action, 'notify' | 'tag'>;

/** A button: what operators see in Security Hub. "Fix" stands for every fix that the finding's control has. */
export const buttons = ['quarantine', 'fix', 'undo', 're-check', 'exempt'] as const;
export type Button = (typeof buttons)[number];

/** The actions of a control that can be ordered, in the order in which it has them. */
export function orderable({ actions, byOrderOnly = [] }: Pick<Control, 'actions' | 'byOrderOnly'>) {
  return [...actions, ...byOrderOnly].filter(isOrderable);
}

export function isOrderable(action: Action): action is OrderedAction {
  const kind = kindOf(action);
  return kind === 'fix' || kind === 'quarantine';
}

/** The button by which it is ordered. */
export function buttonOf(order: Order): Button {
  return order.startsWith('fix:') ? 'fix' : (order as Exclude<Order, `fix:${string}`>);
}

/** The buttons that these orders need, in the order in which they are shown. */
export function buttonsOf(orders: readonly Order[]): readonly Button[] {
  const wanted = new Set(orders.map(buttonOf));
  return buttons.filter((button) => wanted.has(button));
}
