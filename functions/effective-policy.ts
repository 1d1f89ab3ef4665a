/**
 * The effective policy without an override: the deployed one. Where the deployment has the parameter
 * `policyParameter`, bundles hold `policy-overridden.ts` in place of this module (`deploy/esbuild/override.ts`).
 */
import type { Logger } from '@aws-lambda-powertools/logger';
import type { ClientConfig } from '../lib/aws/settings.ts';
import type { Control } from '../lib/core/control.ts';
import { EnvironmentError } from '../lib/pipeline/live/environment.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import type { Policy } from '../lib/policy/model.ts';
import { checkedPolicy } from './policy.ts';
import type { Telemetry } from './telemetry.ts';

export interface PolicyParts {
  /** The controls that the function evaluates; an override may be a policy for all. */
  readonly controls: readonly Control[];
  readonly config: ClientConfig;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

/**
 * @returns a function that reads the effective policy, to be called once an invocation. Its result is the same object while the policy
 *   is the same. It rejects with `PolicyUnreadable` where an override may be there and can't be read.
 * @throws EnvironmentError where the deployment has an override, and the bundle was built without.
 */
export function effectivePolicy({ controls }: PolicyParts): () => Promise<Policy> {
  if ((process.env['TRAILSEAL_POLICY_PARAMETER'] ?? '') !== '') {
    throw new EnvironmentError('TRAILSEAL_POLICY_PARAMETER', 'is set, and this code takes no override');
  }
  const policy = bundledPolicy(checkedPolicy, controls);
  return async () => policy;
}
