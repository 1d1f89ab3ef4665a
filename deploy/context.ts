/** What a deployment is made of: its parameters, and the controls that its policy enables. */
import type { Control } from '../lib/control.ts';
import { controls as allControls } from '../lib/controls/index.ts';
import { type Family, familyOf } from '../lib/family.ts';
import type { QueueName } from '../lib/names.ts';
import type { CheckedPolicy } from '../lib/policy/bundled.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import { checkedPolicyIn } from './esbuild/policy-file.ts';
import { ParameterError, type Parameters } from './parameters.ts';

export interface Deployment {
  readonly parameters: Parameters;
  /** By family, the controls that are judged; a family without any is left out. */
  readonly controls: ReadonlyMap<Family, readonly Control[]>;
  /** The families that are deployed, and the sweep. */
  readonly queues: readonly QueueName[];
}

/** @throws ParameterError for a policy file that can't be read, or is wrong, or leaves nothing to be judged. */
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
  return { parameters, controls, queues: [...controls.keys(), 'sweep'] };
}

function policyOf({ policy }: Parameters): CheckedPolicy {
  try {
    return checkedPolicyIn(policy);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ParameterError('policy', `is a file that can't be used: ${why}`, error);
  }
}
