/**
 * Turns an evaluation into an observation, from which findings follow: the verdict, with the policy's severity,
 * exemption and plan.
 */
import type { Action } from '../core/control.ts';
import type { Actor } from '../core/event.ts';
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
  /** Who made the change that is evaluated; left out where that is not known. */
  readonly actor?: Actor;
  /** The used part of the rate limits; left out where the code that runs the plan counts them. */
  readonly usage?: Usage;
  /** Actions that the open finding already plans, and that are therefore counted already. */
  readonly planned?: ReadonlySet<Action>;
  /** An operator's exemption of the finding, where it is known. */
  readonly byOperator?: OperatorExemption | undefined;
  readonly details?: ObservedVerdict['details'];
}

/**
 * The observation of a resource that a control has evaluated: verdict and evidence, the policy's severity and
 * exemption, and the plan. Pure.
 * @returns the result for `foldFinding`, and the usage of the rate limits with the planned actions counted.
 * @example
 * const { result } = observedVerdict(evaluated, { policy, now: new Date(), time: event.time });
 * const finding = foldFinding(previous, evaluated.control, { cause: event, resource: evaluated.resource, result });
 */
export function observedVerdict(
  { control, resource, evaluation: { verdict, evidence }, tagsUnknown }: Omit<Evaluated, 'facts'>,
  { policy, now, time, actor, usage = noUsage, planned, byOperator, details }: ObservingOptions,
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
    actor,
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
 * The observations of a replay or a scan. They run no action, so this class counts the planned actions against the
 * guardrails, in the order of the observations. Live, the code that runs the plans counts instead.
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
   * Counts the planned actions. Actions that the open finding `previous` already plans are not counted again; a
   * verdict that leaves `previous` unchanged counts none.
   */
  observation(previous: Finding | undefined, evaluated: Omit<Evaluated, 'facts'>, cause: Cause): Observation {
    const change = changeOf(previous, evaluated.evaluation.verdict);
    const planned = change === 'keep' ? previous?.plan.actions.map(({ action }) => action) : undefined;
    const { result, usage } = observedVerdict(evaluated, {
      policy: this.#policy,
      now: this.#now,
      time: cause.time,
      actor: cause.actor,
      usage: this.#usage,
      planned: new Set(planned),
    });
    if (change !== 'none') this.#usage = usage;
    return { cause, resource: evaluated.resource, result };
  }
}
