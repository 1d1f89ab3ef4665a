/** The effective policy of a deployment: the deployed one, or an override in an SSM parameter. */
import { existsSync } from 'node:fs';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { functionName, stackName } from '../../../lib/aws/names.ts';
import { lambdaClient, sqsClient } from '../../../lib/aws/sdk.ts';
import { policyDigest } from '../../../lib/policy/bundled.ts';
import { parsePolicy } from '../../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../../lib/policy/file/schema.ts';
import type { Policy } from '../../../lib/policy/model.ts';
import type { OverrideFault, OverrideReader } from '../../../lib/policy/override.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { type Answer, answered, askIfExists } from '../../aws/answer.ts';
import type { ParameterVersion } from '../../aws/parameter.ts';
import { UsageError } from '../../exit.ts';
import type { DeploymentSession } from '../../operator/deployment.ts';
import { stageError } from '../../operator/stages.ts';
import { printable } from '../../output/printable.ts';
import { policyErrorText, policyFileName, readText } from '../file.ts';

/** What a deployment's functions say of its policy. */
export interface DeployedPolicy {
  /** The parameter that may override it; `undefined` where none may. */
  readonly parameter: string | undefined;
  readonly digest: string | undefined;
  /** When the functions were last deployed or configured; ISO 8601, UTC. */
  readonly deployedAt: string | undefined;
}

/** Reads the scheduled scan's function, which every deployment has. @throws UsageError where there is no deployment. */
export async function deployedPolicy(deployment: DeploymentSession): Promise<Answer<DeployedPolicy>> {
  const { stage, region, config } = deployment;
  const FunctionName = functionName(stage, 'scan');
  const found = await askIfExists('lambda:GetFunctionConfiguration', ['ResourceNotFoundException'], () =>
    lambdaClient(config).send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  if (!found.known) return found;
  if (found.value === undefined) {
    throw await stageError(sqsClient(config), deployment, `${stackName(stage)} is not deployed in ${region}`);
  }
  const { LastModified, Environment } = found.value;
  const variables = Environment?.Variables ?? {};
  return answered({
    parameter: variables['TRAILSEAL_POLICY_PARAMETER'],
    digest: variables['TRAILSEAL_POLICY_DIGEST'],
    deployedAt: LastModified === undefined ? undefined : isoTime(LastModified),
  });
}

/** Lambda writes `2026-11-01T09:00:00.000+0000`. A time that cannot be parsed stays as it is. */
export function isoTime(lambdaTime: string): string {
  const time = Date.parse(lambdaTime);
  return Number.isNaN(time) ? lambdaTime : new Date(time).toISOString();
}

/** The file of the deployed policy, if the caller has it; else why an override cannot be checked against it. */
export type DeployedPolicyFile =
  | { readonly known: true; readonly checked: PolicyFile; readonly name: string }
  | { readonly known: false; readonly because: string };

/**
 * Finds the file of the deployed policy, which is known by its digest.
 * @param file from `--policy`; without one, that in the working folder.
 * @throws UsageError for a `file` that is not a valid policy.
 */
export function deployedPolicyFile(file: string | undefined, { digest }: DeployedPolicy): DeployedPolicyFile {
  const name = file ?? (existsSync(policyFileName) ? policyFileName : undefined);
  const hint = 'name the file that was deployed with --policy';
  if (name === undefined) return { known: false, because: `there is no ${policyFileName} here; ${hint}` };
  const parsed = parsePolicy(readText(name), name, controls);
  if (!parsed.ok) {
    if (file !== undefined) throw new UsageError(policyErrorText(name, parsed.errors));
    return { known: false, because: `${printable(name)} is not a valid policy; ${hint}` };
  }
  if (policyDigest(parsed.checked) !== digest) {
    return { known: false, because: `${printable(name)} is not the policy that was deployed; ${hint}` };
  }
  return { known: true, checked: parsed.checked, name };
}

export interface OverrideState {
  /** The newest version of the override; `undefined` where there is none. */
  readonly newest: ParameterVersion | undefined;
  /** The errors of the newest version. */
  readonly faults: readonly OverrideFault[];
  /** The newest valid version, which is in effect; `undefined` where the deployed policy is. */
  readonly override: { readonly version: ParameterVersion; readonly policy: Policy } | undefined;
}

/** As the functions determine it. Pure. @param versions newest first. */
export function effectivePolicy(versions: readonly ParameterVersion[], read: OverrideReader): OverrideState {
  const [newest] = versions;
  let faults: readonly OverrideFault[] = [];
  for (const version of versions) {
    const found = read(version.value, `version ${version.version ?? '?'}`);
    if (found.ok) return { newest, faults, override: { version, policy: found.policy } };
    if (version === newest) faults = found.faults;
  }
  return { newest, faults, override: undefined };
}
