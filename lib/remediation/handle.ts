/** Handling one message of remediation's queue, whatever it is. */

import type { TrailEvent } from '../core/event.ts';
import type { ActionRequest } from './action-request.ts';
import { carryOutRequest } from './carry-out-request.ts';
import type { Handled, RemediationDeps } from './deps.ts';
import { givingUpLeases } from './interrupted.ts';
import type { RemediationRequest } from './message.ts';
import { remediate } from './remediate.ts';
import { compareAfter } from './reverting-calls.ts';

/** A message, and what it names: a request of an operator as it is stored. */
export type ResolvedMessage =
  | { readonly kind: 'call'; readonly event: TrailEvent }
  | { readonly kind: 'remediation'; readonly request: RemediationRequest }
  | { readonly kind: 'requested-action'; readonly request: ActionRequest };

/**
 * Rejects as `remediate`, `carryOutRequest` and `compareAfter` do: the same message may be handled again.
 * @returns what became of each finding that the message concerns; none where it concerns none.
 */
export async function handle(deps: RemediationDeps, message: ResolvedMessage): Promise<readonly Handled[]> {
  if (message.kind === 'call') return await compareAfter(deps, message.event);
  const { finding } = message.request;
  const remediation = await givingUpLeases(deps, finding, () =>
    message.kind === 'requested-action'
      ? carryOutRequest(deps, message.request)
      : remediate(deps, message.request),
  );
  return [{ finding, remediation }];
}
