/** From an evaluation to what a finding's life is made of: the verdict, with what the policy makes of it. */
import type { Action } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import { type Cause, changeOf, type Observation, type ObservedVerdict } from '../findings/lifecycle.ts';
import { decide } from '../policy/decide/decide.ts';
import { exemptionFor } from '../policy/decide/exemptions.ts';
import { noUsage, type Usage } from '../policy/decide/rate-limits.ts';
import type { Policy } from '../policy/model.ts';
import type { OperatorExemption } from '../policy/operator-exemption.ts';
import { resourceTypeOf } from '../services/catalogue.ts';
import type { Evaluated } from './evaluate.ts';

export interface ObservingOptions {
  readonly policy: Policy;
  /** The moment at which exemptions are checked. */
  readonly now: Date;
  /** When the event happened, epoch milliseconds; `undefined` when it is not known. */
  readonly time: number | undefined;
  /** What was used of the rate limits; nothing where whoever carries out the plan counts. */
  readonly usage?: Usage;
  /** Actions that are planned for the open finding already, and so were counted. */
  readonly planned?: ReadonlySet<Action>;
  /** What an operator exempted, where it is known. */
  readonly byOperator?: OperatorExemption | undefined;
  readonly details?: ObservedVerdict['details'];
}

/**
 * What is observed of a resource when a control has evaluated it: verdict and evidence, the severity and the exemption
 * that the policy gives it, and the plan. Pure.
 * @returns the result for `foldFinding`, and the usage of the rate limits with the planned actions counted.
 * @example
 * const { result } = observedVerdict(evaluated, { policy, now: new Date(), time: event.time });
 * const finding = foldFinding(previous, evaluated.control, { cause: event, resource: evaluated.resource, result });
 */
export function observedVerdict(
  { control, resource, evaluation: { verdict, evidence }, tagsUnknown }: Omit<Evaluated, 'facts'>,
  { policy, now, time, usage = noUsage, planned, byOperator, details }: ObservingOptions,
): { readonly result: ObservedVerdict; readonly usage: Usage } {
  const exemption = exemptionFor(policy, control.id, resource, now, byOperator);
  const decision = decide({
    verdict,
    control,
    resource,
    tagsUnknown: tagsUnknown?.detail,
    policy,
    exemption,
    usage,
    planned,
    time,
    resourceTypeOf,
  });
  const severity = policy.controls.get(control.id)?.severity ?? control.severity;
  return {
    result: { kind: 'evaluated', verdict, evidence, severity, plan: decision.plan, exemption, details },
    usage: decision.usage,
  };
}

/**
 * The observations of a replay or a scan, which carry nothing out and so count the plans themselves: each uses up what
 * the guardrails allow, in the order in which they are made. Live it is otherwise: there, the rate limits are those of
 * whoever carries the plans out.
 * @example
 * const plans = new CountedPlans(policy, new Date());
 * const finding = foldFinding(previous, control, plans.observation(previous, evaluated, event));
 */
export class CountedPlans {
  readonly #policy: Policy;
  readonly #now: Date;
  #usage = noUsage;

  /** @param now the moment at which exemptions are checked. */
  constructor(policy: Policy, now: Date) {
    this.#policy = policy;
    this.#now = now;
  }

  /**
   * Counts the actions that are planned. Those that the open finding `previous` has in its plan already are counted no
   * second time; a verdict that leaves `previous` as it is uses nothing.
   */
  observation(previous: Finding | undefined, evaluated: Omit<Evaluated, 'facts'>, cause: Cause): Observation {
    const change = changeOf(previous, evaluated.evaluation.verdict);
    const planned = change === 'keep' ? previous?.plan.actions.map(({ action }) => action) : undefined;
    const { result, usage } = observedVerdict(evaluated, {
      policy: this.#policy,
      now: this.#now,
      time: cause.time,
      usage: this.#usage,
      planned: new Set(planned),
    });
    if (change !== 'none') this.#usage = usage;
    return { cause, resource: evaluated.resource, result };
  }
}
