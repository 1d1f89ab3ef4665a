/** Requested actions as remediation gets them: what an operator wants done about one finding. */
import * as z from 'zod/mini';
import type { Control } from '../core/control.ts';
import { type RequestedAction, requestable } from '../policy/custom-actions.ts';
import { kindOf, type Policy } from '../policy/model.ts';

export const actionRequestSchema = z.object({
  /** The same for the same use of a custom action, which may come twice. */
  id: z.string().check(z.minLength(1)),
  /** The finding's id. */
  finding: z.string().check(z.minLength(1)),
  /** `fix` stands for every fix of the finding's control that operators may request. */
  action: z.enum(['quarantine', 'fix', 'undo']),
  /** Who requested it, as far as it is known. */
  actor: z.string(),
  /** A sentence. */
  reason: z.string(),
  /** When: ISO 8601, UTC. */
  at: z.iso.datetime(),
});
export type ActionRequest = z.infer<typeof actionRequestSchema>;

/** A request that is older is not carried out: whoever made it may not want it any more. In milliseconds. */
export const requestExpiry = 24 * 3_600_000;

/** The actions of a control that a request stands for, as far as the policy lets operators request them. */
export function requestedActions(
  action: 'quarantine' | 'fix',
  control: Pick<Control, 'actions' | 'onRequestOnly'>,
  { customActions }: Pick<Policy, 'customActions'>,
): readonly RequestedAction[] {
  return requestable(control).filter((each) => kindOf(each) === action && customActions.includes(each));
}

/** The policy as if it asked for just these actions for the control, so that all else that it says holds for them too. */
export function asRequested(policy: Policy, control: string, actions: readonly RequestedAction[]): Policy {
  const asked = policy.controls.get(control);
  if (asked === undefined) return policy;
  return { ...policy, controls: new Map(policy.controls).set(control, { ...asked, actions }) };
}
