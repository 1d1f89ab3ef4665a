/** `trailseal policy show`, `push FILE` and `clear`: what overrides the policy that a deployment was made with. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { ssmClient } from '../../../lib/aws/acting.ts';
import { bundledPolicy } from '../../../lib/policy/bundled.ts';
import { faultText, overrideReader } from '../../../lib/policy/override.ts';
import { type Policy, parsePolicy } from '../../../lib/policy/policy.ts';
import type { PolicyFile } from '../../../lib/policy/schema.ts';
import { controls } from '../../../lib/services/controls.ts';
import type { Unseen } from '../../aws/answer.ts';
import { exitCode, UsageError } from '../../exit.ts';
import { type Ask, askAt, type Consent, checkConsent, consented } from '../../operator/consent.ts';
import {
  accountRegionText,
  callerOf,
  type Deployment,
  type DeploymentFlags,
  openDeployment,
} from '../../operator/deployment.ts';
import { printable, printableJson } from '../../output/printable.ts';
import { policyErrorText, readText } from '../file.ts';
import { changesText, type PolicyChange, policyChanges } from './changes.ts';
import { type Bundled, bundledIn, type DeployedPolicy, deployedPolicy } from './deployed.ts';
import { type Standing, standing } from './effective.ts';
import { deleteOverride, parameterValue, putOverride, versionsOf } from './parameter.ts';
import { standingJson, standingText, unfitText } from './text.ts';

export interface ShowFlags extends DeploymentFlags {
  /** The policy that was deployed. */
  readonly policy?: string;
}
export interface PushFlags extends ShowFlags, Consent {}
export interface ClearFlags extends DeploymentFlags, Consent {}

/**
 * Shows which policy is in force, and changes nothing.
 * @returns the exit code: 1 where the newest version of the override is wrong, 3 where it could not be read.
 */
export async function runPolicyShow(flags: ShowFlags): Promise<number> {
  const deployment = await openDeployment(flags);
  const deployed = await deployedPolicy(deployment);
  if (!deployed.known) return unread(deployed);
  const bundled = bundledIn(flags.policy, deployed.value);
  const found = await standingOf(ssmClient(deployment.config), deployed.value, bundled);
  if (!found.known) return unread(found);
  if (flags.format === 'json') {
    print(deployment, standingJson(found.value, deployed.value, bundled));
  } else {
    const text = standingText(found.value, deployed.value, bundled);
    process.stdout.write(`The policy of ${accountRegionText(deployment)}\n\n${text}\n`);
  }
  return found.value.faults.length > 0 ? exitCode.failOn : exitCode.fine;
}

/**
 * Puts a policy file in force, once a person has agreed.
 * @returns the exit code: 1 where the person did not, 2 for a policy that is wrong or asks for too much, 3 where
 *   something could not be read or written.
 */
export async function runPolicyPush(
  file: string,
  flags: PushFlags,
  signal: AbortSignal,
  ask: Ask | undefined = askAt({ input: process.stdin, output: process.stderr }, signal),
): Promise<number> {
  const parsed = parsePolicy(readText(file), file, controls);
  if (!parsed.ok) throw new UsageError(policyErrorText(file, parsed.errors));
  const value = parameterValue(parsed.checked);
  checkConsent(flags, ask, 'policy push');
  const deployment = await openDeployment(flags);
  const deployed = await deployedPolicy(deployment);
  if (!deployed.known) return unread(deployed);
  const name = parameterOf(deployed.value);
  const bundled = bundledIn(flags.policy, deployed.value);
  refuseBeyond(file, value, bundled);
  const ssm = ssmClient(deployment.config);
  const before = await standingOf(ssm, deployed.value, bundled);
  if (!before.known) return unread(before);
  const old = effectivePolicy(before.value, bundled);
  const changes = old === undefined ? undefined : policyChanges(old, parsed.policy);
  const told = { parameter: name, changes: changes ?? null, fitKnown: bundled.known };
  if (before.value.newest?.value === value) {
    if (flags.format === 'json') print(deployment, { ...told, written: false, version: null });
    else process.stdout.write(`${printable(name)} has this policy already; nothing was written.\n`);
    return exitCode.fine;
  }
  if (flags.format !== 'json' || flags.yes !== true) {
    const to = flags.format === 'json' ? process.stderr : process.stdout;
    to.write(`${beforehand(before.value, changes, bundled)}\n`);
  }
  const question = `Go by ${printable(file)} in ${accountRegionText(deployment)}?`;
  const why = await consented(flags, ask, question);
  if (why === undefined) {
    process.stderr.write('The policy was left as it is.\n');
    return exitCode.failOn;
  }
  const written = await putOverride(ssm, name, value, { who: callerOf(deployment), why });
  if (!written.known) return failed('written', written);
  if (flags.format === 'json') print(deployment, { ...told, written: true, version: written.value ?? null });
  else {
    process.stdout.write(
      `${printable(name)} version ${written.value ?? '?'} overrides the deployed policy of ${accountRegionText(deployment)}. ` +
        'Functions go by it within a minute; `trailseal policy show` tells when it is wrong.\n',
    );
  }
  return exitCode.fine;
}

/**
 * Deletes the override, once a person has agreed.
 * @returns the exit code: 1 where the person did not, 3 where it could not be read or deleted.
 */
export async function runPolicyClear(
  flags: ClearFlags,
  signal: AbortSignal,
  ask: Ask | undefined = askAt({ input: process.stdin, output: process.stderr }, signal),
): Promise<number> {
  checkConsent(flags, ask, 'policy clear');
  const deployment = await openDeployment(flags);
  const deployed = await deployedPolicy(deployment);
  if (!deployed.known) return unread(deployed);
  const name = parameterOf(deployed.value);
  const ssm = ssmClient(deployment.config);
  const versions = await versionsOf(ssm, name);
  if (!versions.known) return unread(versions);
  const there = versions.value.length > 0;
  if (there) {
    const question = `Delete ${printable(name)}, and go by the deployed policy again in ${accountRegionText(deployment)}?`;
    if ((await consented(flags, ask, question)) === undefined) {
      process.stderr.write('The override was left as it is.\n');
      return exitCode.failOn;
    }
    const deleted = await deleteOverride(ssm, name);
    if (!deleted.known) return failed('deleted', deleted);
  }
  if (flags.format === 'json') print(deployment, { parameter: name, deleted: there });
  else {
    process.stdout.write(
      there
        ? `${printable(name)} is deleted. Functions go by the deployed policy within a minute.\n`
        : `There is no ${printable(name)}: the deployed policy is in force already.\n`,
    );
  }
  return exitCode.fine;
}

async function standingOf(ssm: SSMClient, { parameter }: DeployedPolicy, bundled: Bundled) {
  const read = overrideReader(checkedOf(bundled), controls);
  if (parameter === undefined) return { known: true, value: standing([], read) } as const;
  const versions = await versionsOf(ssm, parameter);
  return versions.known ? ({ known: true, value: standing(versions.value, read) } as const) : versions;
}

function checkedOf(bundled: Bundled): PolicyFile | undefined {
  return bundled.known ? bundled.checked : undefined;
}

/** @throws UsageError where no parameter may override it. */
function parameterOf({ parameter }: DeployedPolicy): string {
  if (parameter !== undefined) return parameter;
  throw new UsageError(
    'no parameter may override the policy of this deployment: deploy it with --param="policyParameter=/trailseal/STAGE/policy"',
  );
}

/** @throws UsageError where it asks for what the deployment has no rights to, as far as that can be told. */
function refuseBeyond(file: string, value: string, bundled: Bundled): void {
  const found = overrideReader(checkedOf(bundled), controls)(value, file);
  if (found.ok) return;
  const lines = found.faults.map((fault) => `${printable(file)} ${printable(faultText(fault))}`);
  throw new UsageError(
    `${lines.join('\n')}\n${lines.length === 1 ? '1 error' : `${lines.length} errors`}: the policy was not used`,
  );
}

/** The policy that is in force; `undefined` where that is the deployed one, and nobody can tell what it says. */
function effectivePolicy({ override }: Standing, bundled: Bundled): Policy | undefined {
  if (override !== undefined) return override.policy;
  return bundled.known
    ? bundledPolicy({ file: bundled.name, checked: bundled.checked }, controls)
    : undefined;
}

function beforehand(
  { override }: Standing,
  changes: readonly PolicyChange[] | undefined,
  bundled: Bundled,
): string {
  const from = override === undefined ? 'the deployed policy' : `version ${override.change.version ?? '?'}`;
  const what =
    changes === undefined
      ? `What it changes is not known, as ${from} is not.`
      : changes.length === 0
        ? `It says the same as ${from}.`
        : `What it changes, from ${from}:\n${changesText(changes)}`;
  return bundled.known ? what : `${what}\n${unfitText(bundled.because)}`;
}

function print({ stage, account, region }: Deployment, told: Record<string, unknown>): void {
  process.stdout.write(`${printableJson({ stage, account, region, ...told }, 2)}\n`);
}

function unread({ detail }: Unseen): number {
  process.stderr.write(`the effective policy can not be read: ${printable(detail)}\n`);
  return exitCode.input;
}

function failed(what: string, { detail }: Unseen): number {
  process.stderr.write(`the override is NOT ${what}: ${printable(detail)}\n`);
  return exitCode.input;
}
