/** `trailseal undo`: takes back what was done, in the caller's name and with the caller's credentials. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { busName, killSwitchName, tableName } from '../../lib/aws/names.ts';
import { dynamodbClient, eventBridgeClient, ssmClient } from '../../lib/aws/sdk.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { actionOf, actions } from '../../lib/remediation/actions/index.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { leaseFor } from '../../lib/remediation/deps.ts';
import { killSwitch } from '../../lib/remediation/kill-switch.ts';
import { leaseFor } from '../../lib/remediation/remediator.ts';
import { controls } from '../../lib/services/controls.ts';
import { oneOf } from '../commands/options.ts';
import { exitCode, UsageError } from '../exit.ts';
import { chooseActionRuns } from '../operator/choose.ts';
import { type Ask, askAt, type Consent, checkConsent, consented } from '../operator/consent.ts';
import {
  accountRegionText,
  callerOf,
  type Deployment,
  type DeploymentFlags,
  openDeployment,
  withStateTable,
} from '../operator/deployment.ts';
import { sinceOf } from '../operator/since.ts';
import { checkAccountRegion, regionOfAll, type Subject, subjectOf } from '../operator/subject.ts';
import { printable, printableJson } from '../output/printable.ts';
import { eventsOf, tellBus } from './publish.ts';
import { isFine, previewText, takenJson, takenText } from './text.ts';
import { foresee, type TakeBackOptions, type Taken, takeBack } from './undo.ts';

export interface UndoFlags extends DeploymentFlags, Consent {
  readonly since?: string;
  readonly action: readonly string[];
  readonly dryRun?: boolean;
  readonly despiteKillSwitch?: boolean;
}

/**
 * Shows what would be undone, asks, and undoes it, newest first.
 * @param ask the terminal; where there is none, `--yes` has to be given.
 * @returns the exit code: 1 where something is not undone, else 3 where something could not be read or found.
 */
export async function runUndo(
  names: readonly string[],
  flags: UndoFlags,
  signal: AbortSignal,
  ask: Ask | undefined = askAt({ input: process.stdin, output: process.stderr }, signal),
): Promise<number> {
  if (names.length === 0 && flags.since === undefined) {
    throw new UsageError('undo takes the ids of findings, the ARNs of resources, or --since TIME');
  }
  const now = new Date();
  const subjects = names.map(subjectOf);
  const choice = {
    subjects,
    actions: actionsNamed(flags.action),
    since: flags.since === undefined ? undefined : sinceOf(flags.since, now),
  };
  if (flags.dryRun !== true) checkConsent(flags, ask, 'undo');
  const deployment = await openDeployment(flags, regionOfAll(subjects));
  checkAccountRegion(subjects, deployment);
  const options = await optionsOf(deployment, flags, signal);
  return withStateTable(deployment, async () => {
    const { actionRuns, missing } = await chooseActionRuns(options.history, choice, deployment, controls);
    const outcome = { ...(await undoChosen(actionRuns, deployment, flags, options, ask)), missing };
    tell(outcome, deployment, flags);
    // What was done until an interruption has been told by now.
    signal.throwIfAborted();
    return codeOf(outcome);
  });
}

/** @throws UsageError for what is no action that can have been done. */
export function actionsNamed(names: readonly string[]): readonly string[] {
  const known = [...actionKinds, ...actions.map(({ id }) => id).filter((id) => id.startsWith('fix:'))];
  return names.map((name) => oneOf(name, known, '--action'));
}

/** What came of all that was chosen. */
interface Outcome {
  readonly taken: readonly Taken[];
  readonly missing: readonly Subject[];
  /** Whether the person who was asked said no. */
  readonly declined: boolean;
}

/** Shows, asks unless `--yes` says not to, and undoes. */
async function undoChosen(
  actionRuns: readonly ActionRun[],
  deployment: Deployment,
  flags: UndoFlags,
  options: TakeBackOptions,
  ask: Ask | undefined,
): Promise<Omit<Outcome, 'missing'>> {
  const { dryRun = false, yes = false, format } = flags;
  const table = format === 'table';
  let question = '';
  if (dryRun || !yes) {
    const foreseen = await foresee(actionRuns, options);
    const possible = foreseen.filter(({ result }) => result.kind === 'would-be-undone').length;
    // Beside JSON, people who are asked read it all the same.
    if (table) process.stdout.write(foreseen.length === 0 ? '' : `${previewText(foreseen)}\n\n`);
    else if (!dryRun && possible > 0) process.stderr.write(`${previewText(foreseen)}\n\n`);
    if (dryRun || possible === 0) return { taken: foreseen, declined: false };
    question = `Undo ${possible === 1 ? 'this' : `these ${possible}`} in ${accountRegionText(deployment)}?`;
  }
  const reason = await consented(flags, ask, question);
  if (reason === undefined) return { taken: [], declined: true };
  const overridden = flags.despiteKillSwitch === true ? (await options.killSwitch()).state : 'disengaged';
  const why =
    overridden === 'disengaged' ? reason : `${reason} (despite the kill switch, which was ${overridden})`;
  if (overridden !== 'disengaged') {
    process.stderr.write(`The kill switch is ${overridden}, and is overridden for this undo.\n`);
  }
  const undoing = { ...options, decision: { ...options.decision, why } };
  const taken = await takeBack(actionRuns, undoing, (one) => {
    if (table) process.stdout.write(`${takenText(one)}\n`);
  });
  await tellOthers(taken, deployment, undoing);
  return { taken, declined: false };
}

/** Who is notified of what Trailseal does hears of this too; where that fails, the undo is done all the same. */
async function tellOthers(
  taken: readonly Taken[],
  { config, stage }: Deployment,
  undoing: TakeBackOptions,
): Promise<void> {
  const bus = { client: eventBridgeClient(config), stage, wait: undoing.deps.wait };
  const untold = await tellBus(eventsOf(taken, undoing, stage), bus);
  if (untold === undefined) return;
  process.stderr.write(
    `others are not told of this: the bus ${busName(stage)} did not take it (${printable(untold)})\n`,
  );
}

function tell(
  { taken, missing, declined }: Outcome,
  deployment: Deployment,
  { format, dryRun = false }: UndoFlags,
): void {
  if (format === 'json') {
    const { stage, account, region } = deployment;
    const notFound = missing.map(({ name }) => name);
    const actionRuns = taken.map(takenJson);
    process.stdout.write(
      `${printableJson({ stage, account, region, dryRun, declined, actionRuns, notFound }, 2)}\n`,
    );
  } else if (declined) {
    process.stdout.write('Nothing was undone.\n');
  } else if (taken.length === 0 && missing.length === 0) {
    process.stdout.write(`There is nothing to undo in ${accountRegionText(deployment)}.\n`);
  } else if (dryRun) {
    process.stdout.write('Nothing was changed.\n');
  } else if (taken.some(({ result }) => result.kind === 'undone')) {
    process.stdout.write(
      'The policy does none of this again for the same failure; it may once the finding is closed and opened anew.\n',
    );
  }
  for (const { name } of missing) process.stderr.write(`nothing was done for ${printable(name)}\n`);
}

function codeOf({ taken, missing, declined }: Outcome): number {
  const left = taken.filter((one) => !isFine(one));
  if (declined || left.some(({ result }) => result.kind !== 'unreadable')) return exitCode.failOn;
  return left.length + missing.length > 0 ? exitCode.input : exitCode.fine;
}

async function optionsOf(
  deployment: Deployment,
  { despiteKillSwitch = false }: UndoFlags,
  signal: AbortSignal,
): Promise<TakeBackOptions> {
  const { config, account, region, stage } = deployment;
  const name = callerOf(deployment);
  const client = dynamodbClient(config);
  const table = tableName(stage);
  const now = () => new Date();
  const wait = async (milliseconds: number) => {
    await setTimeout(milliseconds);
  };
  const ssm = ssmClient(config);
  return {
    actionOf,
    history: new DynamoRunHistory({ client, table, now }),
    deps: {
      clients: makeClients(config),
      memory: new DynamoMemory({ client, table, wait, random: Math.random }),
      now,
      wait,
    },
    accountRegion: { account, region },
    run: `undo ${randomUUID()}`,
    decision: { actor: 'operator', name, reason: 'A preview.' },
    leaseFor,
    killSwitch: () => killSwitch(ssm, killSwitchName(stage)),
    despiteKillSwitch,
    signal,
  };
}
