/** What a deployment tells of its policy: which parameter may override it, and by which digest it knows its own. */
import { existsSync } from 'node:fs';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { lambdaClient } from '../../../lib/aws/lambda.ts';
import { functionName, stackName } from '../../../lib/aws/names.ts';
import { policyDigest } from '../../../lib/policy/digest.ts';
import { parsePolicy } from '../../../lib/policy/policy.ts';
import type { PolicyFile } from '../../../lib/policy/schema.ts';
import { controls } from '../../../lib/services/controls.ts';
import { type Seen, seeIfThere } from '../../aws/answer.ts';
import { UsageError } from '../../exit.ts';
import type { Deployment } from '../../operator/deployment.ts';
import { printable } from '../../output/printable.ts';
import { policyErrorText, policyFileName, readText } from '../file.ts';

export interface DeployedPolicy {
  /** The parameter that may override it; `undefined`: none may. */
  readonly parameter: string | undefined;
  readonly digest: string | undefined;
  /** When the functions were deployed, or configured, last. */
  readonly at: string | undefined;
}

/** Asks the function of the scheduled scan, which every deployment has. @throws UsageError where there is no such deployment. */
export async function deployedPolicy({ stage, region, config }: Deployment): Promise<Seen<DeployedPolicy>> {
  const FunctionName = functionName(stage, 'scan');
  const found = await seeIfThere('lambda:GetFunctionConfiguration', ['ResourceNotFoundException'], () =>
    lambdaClient(config).send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  if (!found.known) return found;
  if (found.value === undefined) {
    throw new UsageError(
      `${stackName(stage)} is not deployed in ${region}: \`trailseal doctor --stage ${stage} --region ${region}\` tells what is`,
    );
  }
  const { LastModified: at, Environment } = found.value;
  const variables = Environment?.Variables ?? {};
  return {
    known: true,
    value: {
      parameter: variables['TRAILSEAL_POLICY_PARAMETER'],
      digest: variables['TRAILSEAL_POLICY_DIGEST'],
      at,
    },
  };
}

/** The deployed policy, where a file beside the caller is it; else why nobody can tell what it is. */
export type Bundled =
  | { readonly known: true; readonly checked: PolicyFile; readonly name: string }
  | { readonly known: false; readonly because: string };

/**
 * @param file that was named; without one, that in the working folder.
 * @throws UsageError for one that was named and is no policy.
 */
export function bundledIn(file: string | undefined, { digest }: DeployedPolicy): Bundled {
  const name = file ?? (existsSync(policyFileName) ? policyFileName : undefined);
  const hint = 'name the file that was deployed with --policy';
  if (name === undefined) return { known: false, because: `there is no ${policyFileName} here; ${hint}` };
  const parsed = parsePolicy(readText(name), name, controls);
  if (!parsed.ok) {
    if (file !== undefined) throw new UsageError(policyErrorText(name, parsed.errors));
    return { known: false, because: `${printable(name)} is no valid policy; ${hint}` };
  }
  if (policyDigest(parsed.checked) !== digest) {
    return { known: false, because: `${printable(name)} is not the policy that was deployed; ${hint}` };
  }
  return { known: true, checked: parsed.checked, name };
}
