/** The plan for a resource that fails, by the policy and by what stands in the way of actions now. */

import type { Action, Resource } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';
import { decide } from '../policy/decide/decide.ts';
import { exemptionFor } from '../policy/decide/exemptions.ts';
import { noUsage } from '../policy/decide/rate-limits.ts';
import { type ActionKind, actionKinds, type Plan, type Policy } from '../policy/model.ts';
import { resourceTypeOf } from '../services/catalogue.ts';
import type { RemediationDeps, StepInput } from './deps.ts';
import type { FailingResource } from './evaluate.ts';
import { type LimitState, openBreakerFor } from './limits.ts';

export interface PlannedFor {
  readonly plan: Plan;
  /** Whether AWS did not answer what it depends on, and may in a while. */
  readonly unanswered: boolean;
  /** Whether somebody exempted the finding, or suppressed it: then nothing is done, and nobody is notified. */
  readonly isSilenced: boolean;
}

/**
 * Plans what is to be done. Reads the exemptions, the kill switch, the workflow status and the circuit breakers; rejects
 * where the state table can't be read.
 * @param policy the deployment's, or as if it asked for what an operator requested.
 * @param actions that the control offers.
 */
export async function planFor(
  { deps, exemptions }: StepInput,
  policy: Policy,
  { finding, control, resource, tagsUnknown }: Omit<FailingResource, 'kind' | 'entry'>,
  actions: readonly Action[] = control.actions,
): Promise<PlannedFor> {
  const now = deps.actionDeps.now();
  const byOperator = (await exemptions()).get(finding.id);
  const { circumstances, unanswered } = await circumstancesOf(deps, finding, resource);
  const exemption = exemptionFor(policy, control.id, resource, now, byOperator);
  const { plan } = decide({
    verdict: 'FAIL',
    control: { id: control.id, actions },
    resource,
    tagsUnknown,
    policy,
    exemption,
    usage: noUsage,
    actor: finding.actor,
    time: now.getTime(),
    resourceTypeOf,
    circumstances: { ...circumstances, isOwn: deps.isOwn(resource), readAge: 0 },
  });
  const isSilenced = exemption?.state === 'active' || circumstances.workflow === 'SUPPRESSED';
  return { plan, unanswered, isSilenced };
}

async function circumstancesOf(
  { killSwitch, workflow, limiter }: RemediationDeps,
  { id, severity }: Finding,
  { account }: Resource,
): Promise<{ readonly circumstances: Circumstances; readonly unanswered: boolean }> {
  const [switched, worked, limits] = await Promise.all([killSwitch(), workflow(id), limiter.show()]);
  return {
    circumstances: {
      killSwitch: switched.state,
      workflow: worked.status,
      // An open breaker leaves CRITICAL findings the part that is reserved for them; whether there is room, the limiter says.
      openBreakers: severity === 'CRITICAL' ? new Set() : openBreakersIn(limits, account),
    },
    unanswered: switched.unanswered === true || worked.unanswered === true,
  };
}

function openBreakersIn(
  limits: Readonly<Record<ActionKind, LimitState>>,
  account: string,
): ReadonlySet<ActionKind> {
  return new Set(actionKinds.filter((kind) => openBreakerFor(limits[kind].breakers, account) !== undefined));
}
