/** Runs `trailseal policy show`, `push` and `clear`. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { ssmClient } from '../../../lib/aws/sdk.ts';
import { bundledPolicy } from '../../../lib/policy/bundled.ts';
import { parsePolicy } from '../../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../../lib/policy/file/schema.ts';
import type { Policy } from '../../../lib/policy/model.ts';
import { faultText, overrideReader } from '../../../lib/policy/override.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { type Answer, answered, type NoAnswer, noAnswerText } from '../../aws/answer.ts';
import type { PolicyClearFlags, PolicyPushFlags, PolicyShowFlags } from '../../commands/policy.ts';
import { exitCode, UsageError } from '../../exit.ts';
import { checkConsent, consented, type Prompt, promptAt } from '../../operator/consent.ts';
import {
  callerOf,
  type DeploymentSession,
  deploymentJson,
  deploymentText,
  openDeployment,
} from '../../operator/deployment.ts';
import { printable, printableJson } from '../../output/printable.ts';
import { errorsText, policyErrorText, readText } from '../file.ts';
import { doubtsAbout, positionedDoubts } from '../plausibility.ts';
import { changesText, type PolicyChange, policyChanges } from './changes.ts';
import {
  type DeployedPolicy,
  type DeployedPolicyFile,
  deployedPolicy,
  deployedPolicyFile,
  effectivePolicy,
  type OverrideState,
} from './effective.ts';
import { deleteOverride, overrideVersions, parameterValue, putOverride } from './parameter.ts';
import { effectivePolicyJson, effectivePolicyText, uncheckedText } from './text.ts';

/**
 * Shows the effective policy, and changes nothing.
 * @returns the exit code: 1 where the newest version of the override is invalid, 3 where it could not be read.
 */
export async function runPolicyShow(flags: PolicyShowFlags): Promise<number> {
  const deployment = await openDeployment(flags);
  const answer = await deployedPolicy(deployment);
  if (!answer.known) return unreadable(answer, deployment);
  const deployed = answer.value;
  const ssm = ssmClient(deployment.config);
  const file = deployedPolicyFile(flags.policy, deployed);
  const found = await effectivePolicyOf(ssm, deployed, file);
  if (!found.known) return unreadable(found, deployment);
  if (flags.format === 'json') {
    print(deployment, effectivePolicyJson(found.value, deployed, file));
  } else {
    const text = effectivePolicyText(found.value, deployed, file);
    process.stdout.write(`Effective policy of ${deploymentText(deployment)}\n\n${text}\n`);
  }
  return found.value.faults.length > 0 ? exitCode.failure : exitCode.success;
}

/**
 * Overrides the deployed policy by a policy file, once a person has agreed.
 * @returns the exit code: 1 where the person did not agree, 2 for a policy that is invalid or goes beyond the deployed
 *   one, 3 where something could not be read or written.
 */
export async function runPolicyPush(
  file: string,
  flags: PolicyPushFlags,
  signal: AbortSignal,
  prompt: Prompt | undefined = promptAt(signal),
): Promise<number> {
  const text = readText(file);
  const parsed = parsePolicy(text, file, controls);
  if (!parsed.ok) throw new UsageError(policyErrorText(file, parsed.errors));
  const { errors } = positionedDoubts(text, doubtsAbout(parsed.checked, new Date()));
  if (errors.length > 0) throw new UsageError(policyErrorText(file, errors));
  const value = parameterValue(parsed.checked);
  checkConsent(flags, prompt, 'policy push');
  const deployment = await openDeployment(flags);
  const answer = await deployedPolicy(deployment);
  if (!answer.known) return unreadable(answer, deployment);
  const deployed = answer.value;
  const ssm = ssmClient(deployment.config);
  const name = parameterOf(deployed);
  const deployedFile = deployedPolicyFile(flags.policy, deployed);
  checkWithinDeployed(file, value, deployedFile);
  const before = await effectivePolicyOf(ssm, deployed, deployedFile);
  if (!before.known) return unreadable(before, deployment);
  const old = policyBefore(before.value, deployedFile);
  const changes = old === undefined ? undefined : policyChanges(old, parsed.policy);
  const json = { parameter: name, changes: changes ?? null, checkedAgainstDeployed: deployedFile.known };
  if (before.value.newest?.value === value) {
    if (flags.format === 'json') print(deployment, { ...json, written: false, version: null });
    else process.stdout.write(`${printable(name)} has this policy already; nothing was written.\n`);
    return exitCode.success;
  }
  if (flags.format !== 'json' || flags.yes !== true) {
    const stream = flags.format === 'json' ? process.stderr : process.stdout;
    stream.write(`${pushPreview(before.value, changes, deployedFile)}\n`);
  }
  const question = `Override the policy of ${deploymentText(deployment)} by ${printable(file)}?`;
  const reason = await consented(flags, prompt, question);
  if (reason === undefined) {
    process.stderr.write('The policy was not changed.\n');
    return exitCode.failure;
  }
  const written = await putOverride(ssm, name, value, { actor: callerOf(deployment), reason });
  if (!written.known) return failed('written', written, deployment);
  if (flags.format === 'json') print(deployment, { ...json, written: true, version: written.value ?? null });
  else {
    const { stage, region } = deployment;
    process.stdout.write(
      `${printable(name)} version ${written.value ?? '?'} overrides the deployed policy of ${deploymentText(deployment)}. ` +
        'Functions apply it within a minute. To check:\n' +
        `  trailseal policy show --stage ${stage} --region ${region}\n`,
    );
  }
  return exitCode.success;
}

/**
 * Deletes the override, once a person has agreed.
 * @returns the exit code: 1 where the person did not agree, 3 where it could not be read or deleted.
 */
export async function runPolicyClear(
  flags: PolicyClearFlags,
  signal: AbortSignal,
  prompt: Prompt | undefined = promptAt(signal),
): Promise<number> {
  checkConsent(flags, prompt, 'policy clear');
  const deployment = await openDeployment(flags);
  const answer = await deployedPolicy(deployment);
  if (!answer.known) return unreadable(answer, deployment);
  const deployed = answer.value;
  const ssm = ssmClient(deployment.config);
  const name = parameterOf(deployed);
  const versions = await overrideVersions(ssm, name);
  if (!versions.known) return unreadable(versions, deployment);
  const exists = versions.value.length > 0;
  if (exists) {
    const question = `Delete ${printable(name)}, so that the deployed policy applies again in ${deploymentText(deployment)}?`;
    if ((await consented(flags, prompt, question)) === undefined) {
      process.stderr.write('The override was not deleted.\n');
      return exitCode.failure;
    }
    const deleted = await deleteOverride(ssm, name);
    if (!deleted.known) return failed('deleted', deleted, deployment);
  }
  if (flags.format === 'json') print(deployment, { parameter: name, deleted: exists });
  else {
    process.stdout.write(
      exists
        ? `${printable(name)} is deleted. Functions apply the deployed policy within a minute.\n`
        : `${printable(name)} does not exist: the deployed policy applies already.\n`,
    );
  }
  return exitCode.success;
}

async function effectivePolicyOf(
  ssm: SSMClient,
  { parameter }: DeployedPolicy,
  file: DeployedPolicyFile,
): Promise<Answer<OverrideState>> {
  const read = overrideReader(checkedOf(file), controls);
  if (parameter === undefined) return answered(effectivePolicy([], read));
  const versions = await overrideVersions(ssm, parameter);
  return versions.known ? answered(effectivePolicy(versions.value, read)) : versions;
}

function checkedOf(file: DeployedPolicyFile): PolicyFile | undefined {
  return file.known ? file.checked : undefined;
}

/** @throws UsageError where the deployment allows no override. */
function parameterOf({ parameter }: DeployedPolicy): string {
  if (parameter !== undefined) return parameter;
  throw new UsageError(
    'this deployment allows no override of its policy: deploy it with --param="policyParameter=/trailseal/STAGE/policy"',
  );
}

/** @throws UsageError where the policy asks for what the deployment has no permissions for, as far as that is known. */
function checkWithinDeployed(file: string, value: string, deployed: DeployedPolicyFile): void {
  const found = overrideReader(checkedOf(deployed), controls)(value, file);
  if (found.ok) return;
  throw new UsageError(
    errorsText(found.faults.map((fault) => `${printable(file)} ${printable(faultText(fault))}`)),
  );
}

/** The policy in effect before; `undefined` where that is the deployed one, and its file is not known. */
function policyBefore({ override }: OverrideState, file: DeployedPolicyFile): Policy | undefined {
  if (override !== undefined) return override.policy;
  return file.known ? bundledPolicy({ file: file.name, checked: file.checked }, controls) : undefined;
}

function pushPreview(
  { override }: OverrideState,
  changes: readonly PolicyChange[] | undefined,
  file: DeployedPolicyFile,
): string {
  const from = override === undefined ? 'the deployed policy' : `version ${override.version.version ?? '?'}`;
  const what =
    changes === undefined
      ? `The changes cannot be shown, because ${from} is not known.`
      : changes.length === 0
        ? `There are no changes from ${from}.`
        : `Changes from ${from}:\n${changesText(changes)}`;
  return file.known ? what : `${what}\n${uncheckedText(file.because)}`;
}

function print(deployment: DeploymentSession, json: Record<string, unknown>): void {
  process.stdout.write(`${printableJson({ ...deploymentJson(deployment), ...json }, 2)}\n`);
}

function unreadable(answer: NoAnswer, deployment: DeploymentSession): number {
  process.stderr.write(`the effective policy could not be read: ${noAnswerText(answer, deployment)}\n`);
  return exitCode.incomplete;
}

function failed(what: string, answer: NoAnswer, deployment: DeploymentSession): number {
  process.stderr.write(`the override was NOT ${what}: ${noAnswerText(answer, deployment)}\n`);
  return exitCode.incomplete;
}
