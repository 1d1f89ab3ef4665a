/** `trailseal kill-switch show`, `pull` and `release`: the one parameter that stops all writes to resources. */

import { killSwitchName } from '../../lib/aws/names.ts';
import { ssmClient } from '../../lib/aws/sdk.ts';
import { disengaged, engaged, type KillSwitch, killSwitch } from '../../lib/remediation/kill-switch.ts';
import { urgent } from '../aws/retry.ts';
import { exitCode, UnansweredError, UsageError } from '../exit.ts';
import { type Ask, askAt, type Consent, checkConsent, consented } from '../operator/consent.ts';
import {
  accountRegionText,
  callerOf,
  type Deployment,
  type DeploymentFlags,
  openDeployment,
} from '../operator/deployment.ts';
import { printable, printableJson } from '../output/printable.ts';
import { exists, history, setSwitch } from './parameter.ts';
import { changeJson, changesText, switchText } from './text.ts';

export interface SetFlags extends DeploymentFlags, Consent {}

/**
 * Shows the switch and its last changes.
 * @returns the exit code: 3 where it can't be read, which stops everything too.
 */
export async function runKillSwitchShow(flags: DeploymentFlags): Promise<number> {
  const deployment = await openDeployment(flags);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const [state, changes] = await Promise.all([killSwitch(ssm, name), history(ssm, name)]);
  if (flags.format === 'json') {
    const told = changes.known ? changes.value.map(changeJson) : null;
    process.stdout.write(`${printableJson({ ...switchJson(deployment, state), changes: told }, 2)}\n`);
  } else {
    process.stdout.write(
      `The kill switch of ${accountRegionText(deployment)} (${name})\n\n${switchText(state)}\n` +
        (changes.known ? `${changesText(changes.value)}\n` : ''),
    );
  }
  if (!changes.known && state.state !== 'unreadable') {
    process.stderr.write(`who set it is not known: ${printable(changes.detail)}\n`);
  }
  return state.state === 'unreadable' ? exitCode.input : exitCode.fine;
}

/**
 * Stops all writes at once; asks nothing, and makes the parameter where it is missing.
 * @returns the exit code: 3 where it could not be engaged. Rejects with an UnansweredError where AWS is not reached.
 */
export async function runKillSwitchOn(flags: SetFlags): Promise<number> {
  const deployment = await openDeployment(flags, undefined, urgent).catch(notEngaged);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const why = flags.reason ?? 'no reason was given';
  const set = await setSwitch(ssm, name, engaged, callerOf(deployment), why);
  if (!set.known) {
    process.stderr.write(`the kill switch is NOT engaged: ${printable(set.detail)}\n`);
    return exitCode.input;
  }
  // Every write makes a new version: the first is of a parameter that was not there.
  const made = set.value === 1;
  tell(deployment, flags, engaged, made);
  if (made) {
    const { stage, region } = deployment;
    process.stderr.write(
      `there was no ${name} in ${region}, and it was made: see that stage ${stage} is deployed there, and not elsewhere\n`,
    );
  }
  return exitCode.fine;
}

/** Whoever is in a hurry must not take an error for something that came after it. */
function notEngaged(error: unknown): never {
  if (!(error instanceof UnansweredError)) throw error;
  throw new UnansweredError(`the kill switch is NOT engaged: ${error.message}`, { cause: error });
}

/**
 * Allows writes again, once a person has agreed.
 * @returns the exit code: 1 where the person did not, 3 where it could not be disengaged.
 */
export async function runKillSwitchOff(
  flags: SetFlags,
  signal: AbortSignal,
  ask: Ask | undefined = askAt({ input: process.stdin, output: process.stderr }, signal),
): Promise<number> {
  checkConsent(flags, ask, 'kill-switch off');
  const deployment = await openDeployment(flags);
  const ssm = ssmClient(deployment.config);
  const name = killSwitchName(deployment.stage);
  const caller = callerOf(deployment);
  const [there, changes] = await Promise.all([exists(ssm, name), history(ssm, name)]);
  if (there.known && !there.value) {
    const { stage, region } = deployment;
    throw new UsageError(
      `there is no ${name} in ${region}: \`trailseal doctor --stage ${stage} --region ${region}\` tells what is deployed`,
    );
  }
  if (changes.known && flags.yes !== true) {
    process.stderr.write(`The last changes of ${name}:\n${changesText(changes.value)}\n`);
  }
  const question = `Let Trailseal change resources again in ${accountRegionText(deployment)}?`;
  const why = await consented(flags, ask, question);
  if (why === undefined) {
    process.stderr.write('The kill switch was left as it is.\n');
    return exitCode.failOn;
  }
  const set = await setSwitch(ssm, name, disengaged, caller, why);
  if (!set.known) {
    process.stderr.write(`the kill switch is NOT disengaged: ${printable(set.detail)}\n`);
    return exitCode.input;
  }
  tell(deployment, flags, disengaged, false);
  return exitCode.fine;
}

function tell(
  deployment: Deployment,
  { format }: DeploymentFlags,
  state: typeof engaged | typeof disengaged,
  made: boolean,
): void {
  if (format === 'json') {
    process.stdout.write(`${printableJson({ ...switchJson(deployment, { state }), made }, 2)}\n`);
    return;
  }
  const what =
    state === engaged
      ? 'engaged. No action is begun from now on; one that has begun writing is finished by its run.'
      : 'disengaged. What the policy asks for is done again.';
  process.stdout.write(`The kill switch of ${accountRegionText(deployment)} is ${what}\n`);
}

function switchJson(
  { stage, account, region }: Deployment,
  { state, because }: KillSwitch,
): Record<string, unknown> {
  return {
    stage,
    account,
    region,
    parameter: killSwitchName(stage),
    state,
    because: because ?? null,
  };
}
