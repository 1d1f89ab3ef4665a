/** What a deployment needs whose policy an SSM parameter may override; any other gets nothing of it. */
import { policyParameterPermissions } from '../lib/pipeline/live/policy-parameter.ts';
import { policyDigest } from '../lib/policy/bundled.ts';
import type { Deployment } from './context.ts';
import { type Grant, grants } from './grants.ts';
import type { FunctionName } from './parts.ts';
import { localArn, type Value } from './template.ts';

/** Whether the function goes by the policy, where it may be overridden. */
export function isOverridable({ parameters }: Deployment, name: FunctionName): boolean {
  const withoutPolicy: readonly FunctionName[] = ['transitions', 'notify', 'watchdog'];
  return parameters.policyParameter !== undefined && !withoutPolicy.includes(name);
}

/** The parameter's name; and by what `trailseal policy push` knows whether the policy that it is shown was deployed. */
export function overrideEnvironment(
  deployment: Deployment,
  name: FunctionName,
): Readonly<Record<string, Value>> {
  const { policyParameter } = deployment.parameters;
  if (policyParameter === undefined || !isOverridable(deployment, name)) return {};
  return {
    TRAILSEAL_POLICY_PARAMETER: policyParameter,
    TRAILSEAL_POLICY_DIGEST: policyDigest(deployment.checked),
  };
}

export function overrideGrants(deployment: Deployment, name: FunctionName): readonly Grant[] {
  const { policyParameter } = deployment.parameters;
  if (policyParameter === undefined || !isOverridable(deployment, name)) return [];
  return grants('ReadPolicy', policyParameterPermissions, {
    resource: localArn('ssm', `parameter/${policyParameter.replace(/^\//, '')}`),
    why: 'it may override the deployed policy; where a version is invalid, the last valid one is effective',
  });
}
