/** Orders of operators as remediation gets them: what a person wants done about one finding. */
import * as z from 'zod/mini';
import type { Control } from '../core/control.ts';
import { type RequestedAction, requestable } from '../policy/custom-actions.ts';
import type { Policy } from '../policy/model.ts';
import { kindOf } from '../policy/model.ts';

export const actionRequestSchema = z.object({
  /** The same for the same press of a custom action, which may come twice. */
  id: z.string().check(z.minLength(1)),
  finding: z.string().check(z.minLength(1)),
  /** `fix` stands for every fix of the finding's control that may be ordered. */
  what: z.enum(['quarantine', 'fix', 'undo']),
  /** Who ordered it, as far as it is known. */
  by: z.string(),
  /** A sentence. */
  why: z.string(),
  /** When: ISO 8601, UTC. */
  at: z.iso.datetime(),
});
export type ActionRequest = z.infer<typeof actionRequestSchema>;

/** An order that is older is not obeyed: whoever gave it may not mean it any more. In milliseconds. */
export const requestExpiry = 24 * 3_600_000;

/** What the order means for what a control evaluates, as far as the policy lets operators order it. */
export function requestedActions(
  what: 'quarantine' | 'fix',
  control: Pick<Control, 'actions' | 'onRequestOnly'>,
  { customActions }: Pick<Policy, 'customActions'>,
): readonly RequestedAction[] {
  return requestable(control).filter((action) => kindOf(action) === what && customActions.includes(action));
}

/** The policy as if it asked for just these actions for the control, so that all else that it says holds for them too. */
export function asRequested(policy: Policy, control: string, actions: readonly RequestedAction[]): Policy {
  const asked = policy.controls.get(control);
  if (asked === undefined) return policy;
  return { ...policy, controls: new Map(policy.controls).set(control, { ...asked, actions }) };
}
