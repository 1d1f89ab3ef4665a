/** What of that which acts, tells and takes orders a policy wants. Pure. */

import type { ListenerName } from '../../lib/aws/names.ts';
import type { Control } from '../../lib/core/control.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { type AllowedCustomAction, customActionsOf, isRequestable } from '../../lib/policy/custom-actions.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { kindOf } from '../../lib/policy/model.ts';

export interface WantedActing {
  /** Whether the bus is told of what changes in the state table. */
  readonly transitions: boolean;
  readonly listeners: readonly ListenerName[];
  readonly customActionNames: readonly CustomActionName[];
}

/**
 * @param controls those that are evaluated.
 * @returns what a deployment of the policy has; `deploy/context.ts` decides it, and a test holds the two to each other.
 */
export function actingWanted(policy: Policy, controls: readonly Control[]): WantedActing {
  const asked = controls.flatMap(({ id }) => policy.controls.get(id)?.actions ?? []);
  const changes =
    asked.some((action) => kindOf(action) !== undefined) || policy.customActions.some(changesResources);
  const tells = changes || asked.length > 0;
  return {
    transitions: tells,
    listeners: [
      ...(changes ? (['remediate'] as const) : []),
      ...(tells ? (['notify'] as const) : []),
      ...(policy.customActions.length > 0 ? (['operator'] as const) : []),
    ],
    customActionNames: customActionsOf(policy.customActions),
  };
}

function changesResources(order: AllowedCustomAction): boolean {
  return order === 'undo' || (order !== 're-check' && order !== 'exempt' && isRequestable(order));
}
