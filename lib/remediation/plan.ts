/** The plan for a resource that fails, by the policy and by what stands in the way of actions now. */

import type { Action } from '../core/control.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';
import { decide } from '../policy/decide/decide.ts';
import { exemptionFor } from '../policy/decide/exemptions.ts';
import { noUsage } from '../policy/decide/rate-limits.ts';
import type { ActionKind, Plan, Policy } from '../policy/model.ts';
import { resourceTypeOf } from '../services/catalogue.ts';
import type { RemediationDeps, StepInput } from './deps.ts';
import type { FailingResource } from './evaluate.ts';
import type { LimitState } from './limits.ts';

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
  const { circumstances, unanswered } = await circumstancesOf(deps, finding.id);
  const exemption = exemptionFor(policy, control.id, resource, now, byOperator);
  const { plan } = decide({
    verdict: 'FAIL',
    control: { id: control.id, actions },
    resource,
    tagsUnknown,
    policy,
    exemption,
    usage: noUsage,
    time: now.getTime(),
    resourceTypeOf,
    circumstances: { ...circumstances, isOwn: deps.isOwn(resource), readAge: 0 },
  });
  const isSilenced = exemption?.state === 'active' || circumstances.workflow === 'SUPPRESSED';
  return { plan, unanswered, isSilenced };
}

async function circumstancesOf(
  { killSwitch, workflow, limiter }: RemediationDeps,
  findingId: string,
): Promise<{ readonly circumstances: Circumstances; readonly unanswered: boolean }> {
  const [switched, worked, limits] = await Promise.all([killSwitch(), workflow(findingId), limiter.show()]);
  return {
    circumstances: {
      killSwitch: switched.state,
      workflow: worked.status,
      openBreakers: openBreakersIn(limits),
    },
    unanswered: switched.unanswered === true || worked.unanswered === true,
  };
}

function openBreakersIn(limits: Readonly<Record<ActionKind, LimitState>>): ReadonlySet<ActionKind> {
  const open = Object.entries(limits).filter(([, { breaker }]) => breaker !== undefined);
  return new Set(open.map(([kind]) => kind as ActionKind));
}
