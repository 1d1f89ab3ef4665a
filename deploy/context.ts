/** What a deployment is made of: its parameters, and what its policy enables and asks for. */

import type { QueueName } from '../lib/aws/names.ts';
import type { Action, Control } from '../lib/core/control.ts';
import type { EvaluatorName, Service } from '../lib/core/service.ts';
import type { CheckedPolicy } from '../lib/policy/bundled.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import { type AllowedCustomAction, type RequestedAction, requestable } from '../lib/policy/custom-actions.ts';
import type { PolicyFile } from '../lib/policy/file/schema.ts';
import type { Policy } from '../lib/policy/model.ts';
import { kindOf } from '../lib/policy/model.ts';
import { services as allServices } from '../lib/services/catalogue.ts';
import { checkedPolicyIn } from './esbuild/policy-file.ts';
import { ParameterError, type Parameters } from './parameters.ts';
import type { FunctionName } from './parts.ts';

export interface Deployment {
  readonly parameters: Parameters;
  /** All that there are, deployed or not. */
  readonly services: readonly Service[];
  readonly policy: Policy;
  /** The policy file, validated. */
  readonly checked: PolicyFile;
  /** By evaluator, the controls that are evaluated; an evaluator without any is left out. */
  readonly controls: ReadonlyMap<EvaluatorName, readonly Control[]>;
  /** The evaluators that are deployed, and the scheduled scan. */
  readonly queues: readonly QueueName[];
  /**
   * By action, those of the controls for which the policy asks for it. While there is none, and nothing that changes
   * resources may be requested, nothing that publishes, notifies or remediates is deployed.
   */
  readonly actions: ReadonlyMap<Action, readonly Control[]>;
  /** By action, those of the controls for which operators may request it. */
  readonly requested: ReadonlyMap<RequestedAction, readonly Control[]>;
  /** All functions that are deployed. */
  readonly functions: readonly FunctionName[];
}

/**
 * @throws ParameterError for a policy file that can't be read, or is wrong, or leaves nothing to be evaluated.
 */
export function deploymentOf(parameters: Parameters, services: readonly Service[] = allServices): Deployment {
  const bundled = policyOf(parameters);
  const policy = bundledPolicy(
    bundled,
    services.flatMap((service) => service.controls),
  );
  const controls = new Map(
    parameters.evaluators.flatMap((evaluator): [EvaluatorName, readonly Control[]][] => {
      const own = services
        .filter((service) => service.evaluator === evaluator)
        .flatMap((service) => service.controls)
        .filter(({ id }) => policy.controls.get(id)?.enabled === true);
      return own.length === 0 ? [] : [[evaluator, own]];
    }),
  );
  if (controls.size === 0) {
    throw new ParameterError(
      'policy',
      `is ${parameters.policy}, which enables no control of ${parameters.evaluators.join(', ')}`,
    );
  }
  const evaluated = [...controls.values()].flat();
  const actions = byAction(evaluated, (control) =>
    control.actions.filter((action) => policy.controls.get(control.id)?.actions.includes(action)),
  );
  const requested = byAction(evaluated, (control) =>
    requestable(control).filter((action) => policy.customActions.includes(action)),
  );
  const queues: readonly QueueName[] = [...controls.keys(), 'scan'];
  const functions = [...queues, 'watchdog' as const, ...actingOn(actions, policy.customActions)];
  const { checked } = bundled;
  return { parameters, services, policy, checked, controls, queues, actions, requested, functions };
}

/** By action, the controls of which it is one. */
function byAction<A extends Action>(
  controls: readonly Control[],
  actionsOf: (control: Control) => readonly A[],
): ReadonlyMap<A, readonly Control[]> {
  const pairs = controls.flatMap((control) => actionsOf(control).map((action) => ({ action, control })));
  return new Map(
    [...Map.groupBy(pairs, ({ action }) => action)].map(([action, some]) => [
      action,
      some.map(({ control }) => control),
    ]),
  );
}

/**
 * The functions that these actions and requests need. People are notified of whatever is changed, also where the policy
 * does not ask for it. Requests that change nothing need `operator` alone.
 */
function actingOn(
  actions: Deployment['actions'],
  customActions: readonly AllowedCustomAction[],
): readonly FunctionName[] {
  const changes =
    [...actions.keys()].some((action) => kindOf(action) !== undefined) ||
    customActions.some(changesResources);
  const telling: readonly FunctionName[] = changes
    ? ['transitions', 'remediate', 'notify']
    : ['transitions', 'notify'];
  return [
    ...(changes || actions.size > 0 ? telling : []),
    ...(customActions.length > 0 ? (['operator'] as const) : []),
  ];
}

function changesResources(order: AllowedCustomAction): boolean {
  return order !== 're-check' && order !== 'exempt';
}

function policyOf({ policy }: Parameters): CheckedPolicy {
  try {
    return checkedPolicyIn(policy);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ParameterError('policy', `is a file that can't be used: ${why}`, error);
  }
}
