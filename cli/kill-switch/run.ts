/** Runs `trailseal kill-switch on`, `off` and `status`. */

import { killSwitchName, stackName } from '../../lib/aws/names.ts';
import { sqsClient, ssmClient } from '../../lib/aws/sdk.ts';
import { disengaged, engaged, type KillSwitch, killSwitch } from '../../lib/remediation/kill-switch.ts';
import { noAnswerText } from '../aws/answer.ts';
import { parameterExists, parameterVersions, setSwitch } from '../aws/parameter.ts';
import { urgent } from '../aws/session.ts';
import type { KillSwitchFlags } from '../commands/kill-switch.ts';
import type { DeploymentFlags } from '../commands/options.ts';
import { exitCode, UnansweredError, type UsageError } from '../exit.ts';
import { checkConsent, consented, type Prompt, promptAt } from '../operator/consent.ts';
import {
  callerOf,
  type DeploymentSession,
  deploymentJson,
  deploymentText,
  openDeployment,
} from '../operator/deployment.ts';
import { stageError } from '../operator/stages.ts';
import { printableJson } from '../output/printable.ts';
import { stoppedBy, stoppedJson, stoppedText } from './stopped.ts';
import { switchText, versionJson, versionsText } from './text.ts';

/**
 * Shows the kill switch and its last changes.
 * @returns the exit code: 3 where it cannot be read, which stops all writes too.
 */
export async function runKillSwitchStatus(flags: DeploymentFlags): Promise<number> {
  const deployment = await openDeployment(flags);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const [state, versions] = await Promise.all([killSwitch(ssm, name), parameterVersions(ssm, name)]);
  if (flags.format === 'json') {
    const changes = versions.known ? versions.value.map(versionJson) : null;
    process.stdout.write(`${printableJson({ ...switchJson(deployment, state), changes }, 2)}\n`);
  } else {
    process.stdout.write(
      `Kill switch ${name} of ${deploymentText(deployment)}\n\n${switchText(state)}\n` +
        (versions.known ? `${versionsText(versions.value)}\n` : ''),
    );
  }
  if (!versions.known && state.state !== 'unreadable') {
    process.stderr.write(`the last changes could not be read: ${noAnswerText(versions, deployment)}\n`);
  }
  return state.state === 'unreadable' ? exitCode.incomplete : exitCode.success;
}

/**
 * Engages the kill switch without asking, and then says what was stopped. Creates nothing.
 * @returns the exit code: 3 where it could not be engaged. Rejects with an UnansweredError where AWS is not reached, with a
 *   UsageError where there is no such deployment.
 */
export async function runKillSwitchOn(flags: KillSwitchFlags): Promise<number> {
  const deployment = await openDeployment(flags, undefined, urgent).catch(throwNotEngaged);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const exists = await parameterExists(ssm, name);
  if (exists.known && !exists.value) throw await noSwitch(deployment, 'the kill switch is NOT engaged: ');
  const set = exists.known
    ? await setSwitch(ssm, name, engaged, callerOf(deployment), flags.reason ?? 'no reason given')
    : exists;
  if (!set.known) {
    process.stderr.write(`the kill switch is NOT engaged: ${noAnswerText(set, deployment)}\n`);
    return exitCode.incomplete;
  }
  if (flags.format === 'json') {
    const json = {
      ...switchJson(deployment, { state: engaged }),
      stopped: stoppedJson(await stoppedBy(deployment)),
    };
    process.stdout.write(`${printableJson(json, 2)}\n`);
    return exitCode.success;
  }
  // Said before anything else is read: that it is engaged does not wait for what it stops.
  report(deployment, flags, engaged);
  process.stdout.write(`${stoppedText(await stoppedBy(deployment))}\n`);
  return exitCode.success;
}

/** Without its parameter, remediation changes nothing either. */
function noSwitch(deployment: DeploymentSession, before = ''): Promise<UsageError> {
  const { stage, region, config } = deployment;
  const lacking = `${before}${stackName(stage)} has no kill switch ${killSwitchName(stage)} in ${region}`;
  return stageError(sqsClient(config), deployment, lacking);
}

/** Says first that nothing was stopped: a person in a hurry must not miss it. */
function throwNotEngaged(error: unknown): never {
  if (!(error instanceof UnansweredError)) throw error;
  throw new UnansweredError(`the kill switch is NOT engaged: ${error.message}`, { cause: error });
}

/**
 * Disengages the kill switch, once a person has agreed.
 * @returns the exit code: 1 where the person did not agree, 3 where it could not be disengaged.
 */
export async function runKillSwitchOff(
  flags: KillSwitchFlags,
  signal: AbortSignal,
  prompt: Prompt | undefined = promptAt(signal),
): Promise<number> {
  checkConsent(flags, prompt, 'kill-switch off');
  const deployment = await openDeployment(flags);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const caller = callerOf(deployment);
  const [exists, versions] = await Promise.all([parameterExists(ssm, name), parameterVersions(ssm, name)]);
  if (exists.known && !exists.value) {
    throw await noSwitch(deployment);
  }
  if (versions.known && flags.yes !== true) {
    process.stderr.write(`Last changes of ${name}:\n${versionsText(versions.value)}\n`);
  }
  const question = `Allow Trailseal to change resources again in ${deploymentText(deployment)}?`;
  const reason = await consented(flags, prompt, question);
  if (reason === undefined) {
    process.stderr.write('The kill switch was not changed.\n');
    return exitCode.failure;
  }
  const set = await setSwitch(ssm, name, disengaged, caller, reason);
  if (!set.known) {
    process.stderr.write(`the kill switch is NOT disengaged: ${noAnswerText(set, deployment)}\n`);
    return exitCode.incomplete;
  }
  report(deployment, flags, disengaged);
  return exitCode.success;
}

function report(
  deployment: DeploymentSession,
  { format }: DeploymentFlags,
  state: typeof engaged | typeof disengaged,
): void {
  if (format === 'json') {
    process.stdout.write(`${printableJson(switchJson(deployment, { state }), 2)}\n`);
    return;
  }
  const effect =
    state === engaged
      ? 'No new action begins; an action that has begun writing is finished by its run.'
      : 'Actions are carried out again as the policy says.';
  process.stdout.write(`The kill switch of ${deploymentText(deployment)} is ${state}. ${effect}\n`);
}

function switchJson(deployment: DeploymentSession, { state, because }: KillSwitch) {
  return {
    ...deploymentJson(deployment),
    parameter: killSwitchName(deployment.stage),
    state,
    reason: because ?? null,
  };
}
