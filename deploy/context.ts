/** What a deployment is made of: its parameters, and what its policy enables and asks for. */
import type { Action, Control } from '../lib/control.ts';
import { controls as allControls } from '../lib/controls/index.ts';
import { type Family, familyOf } from '../lib/family.ts';
import type { QueueName } from '../lib/names.ts';
import type { CheckedPolicy } from '../lib/policy/bundled.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import { kindOf } from '../lib/policy/guardrails.ts';
import type { Policy } from '../lib/policy/policy.ts';
import { checkedPolicyIn } from './esbuild/policy-file.ts';
import { ParameterError, type Parameters } from './parameters.ts';
import type { FunctionName } from './parts.ts';

export interface Deployment {
  readonly parameters: Parameters;
  readonly policy: Policy;
  /** By family, the controls that are judged; a family without any is left out. */
  readonly controls: ReadonlyMap<Family, readonly Control[]>;
  /** The families that are deployed, and the sweep. */
  readonly queues: readonly QueueName[];
  /**
   * By action, those of the controls for which the policy asks for it. While there is none, nothing of what tells and
   * remediates is deployed.
   */
  readonly actions: ReadonlyMap<Action, readonly Control[]>;
  /** All functions that are deployed. */
  readonly functions: readonly FunctionName[];
}

/**
 * @throws ParameterError for a policy file that can't be read, or is wrong, or leaves nothing to be judged, or asks for
 *   what the parameters do not allow.
 */
export function deploymentOf(parameters: Parameters): Deployment {
  const policy = bundledPolicy(policyOf(parameters), allControls);
  const enabled = allControls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
  const controls = new Map(
    parameters.families.flatMap((family): [Family, readonly Control[]][] => {
      const own = enabled.filter((control) => familyOf(control) === family);
      return own.length === 0 ? [] : [[family, own]];
    }),
  );
  if (controls.size === 0) {
    throw new ParameterError(
      'policy',
      `is ${parameters.policy}, which enables no control of ${parameters.families.join(', ')}`,
    );
  }
  const actions = askedOf([...controls.values()].flat(), policy);
  const keyPolicies = actions.get('fix:restore-key-policy');
  if (keyPolicies !== undefined && !parameters.allowKeyPolicyWrites) {
    throw new ParameterError(
      'allowKeyPolicyWrites',
      `is false, and the policy ${parameters.policy} asks for fix:restore-key-policy ` +
        `(${keyPolicies.map(({ id }) => id).join(', ')}), which needs kms:PutKeyPolicy on all keys: ` +
        'take the action out of the policy, or allow it by --param="allowKeyPolicyWrites=true"',
    );
  }
  const queues: readonly QueueName[] = [...controls.keys(), 'sweep'];
  return { parameters, policy, controls, queues, actions, functions: [...queues, ...actingOn(actions)] };
}

function askedOf(controls: readonly Control[], policy: Policy): ReadonlyMap<Action, readonly Control[]> {
  const pairs = controls.flatMap((control) =>
    control.actions
      .filter((action) => policy.controls.get(control.id)?.actions.includes(action))
      .map((action) => ({ action, control })),
  );
  return new Map(
    [...Map.groupBy(pairs, ({ action }) => action)].map(([action, some]) => [
      action,
      some.map(({ control }) => control),
    ]),
  );
}

/** The functions that these actions need. People are told of whatever is changed, also where nobody asks for it. */
function actingOn(actions: Deployment['actions']): readonly FunctionName[] {
  if (actions.size === 0) return [];
  const changes = [...actions.keys()].some((action) => kindOf(action) !== undefined);
  return ['transitions', ...(changes ? (['remediate'] as const) : []), 'notify'];
}

function policyOf({ policy }: Parameters): CheckedPolicy {
  try {
    return checkedPolicyIn(policy);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ParameterError('policy', `is a file that can't be used: ${why}`, error);
  }
}
