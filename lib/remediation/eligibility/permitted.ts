/** What a deployment has the rights to do. Pure. */
import type { ActionId } from '../../core/action.ts';
import type { Control } from '../../core/control.ts';
import { isRequestable, requestable } from '../../policy/custom-actions.ts';
import type { Policy } from '../../policy/model.ts';

/**
 * Whether the policy that the deployment was made with asks for the action, or lets operators order it, of some control
 * that it enables: its role was given the rights to these, and to no other. An override can't ask for more.
 */
export function mayDo(
  { controls: byId, customActions }: Pick<Policy, 'controls' | 'customActions'>,
  controls: readonly Control[],
  action: ActionId,
): boolean {
  return controls.some((control) => {
    const { enabled = false, actions = [] } = byId.get(control.id) ?? {};
    if (!enabled) return false;
    const requested =
      isRequestable(action) && customActions.includes(action) && requestable(control).includes(action);
    return actions.includes(action) || requested;
  });
}
