/**
 * Runs `trailseal undo`, in the caller's name: what it writes to resources it writes with the caller's own rights, what it
 * reads and writes of the deployment with the operator role.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { busName, killSwitchName, tableName } from '../../lib/aws/names.ts';
import { dynamodbClient, eventBridgeClient, ssmClient } from '../../lib/aws/sdk.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { leaseFor } from '../../lib/remediation/deps.ts';
import { type PublishedEvent, storeEvent } from '../../lib/remediation/events/event-record.ts';
import { killSwitch } from '../../lib/remediation/kill-switch.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import type { UndoFlags } from '../commands/undo.ts';
import { exitCode, UsageError } from '../exit.ts';
import { actionsNamed, chooseActionRuns, sinceOf } from '../operator/choose.ts';
import { checkConsent, consented, type Prompt, promptAt } from '../operator/consent.ts';
import {
  callerOf,
  type DeploymentSession,
  deploymentJson,
  deploymentText,
  openDeployment,
  withStateTable,
} from '../operator/deployment.ts';
import { asOperator } from '../operator/operator-role.ts';
import { checkAccountRegion, regionOfAll, type Subject, subjectOf } from '../operator/subject.ts';
import { printable, printableJson } from '../output/printable.ts';
import { eventsOf, publishEvents } from './publish.ts';
import { isComplete, previewText, undoJson, undoText } from './text.ts';
import { previewUndo, type UndoAllOptions, type UndoAttempt, undoAll } from './undo.ts';

/**
 * Shows what would be undone, asks, and undoes it, newest first.
 * @param prompt the terminal; where there is none, `--yes` is required.
 * @returns the exit code: 1 where something is not undone, else 3 where something could not be read or found.
 */
export async function runUndo(
  names: readonly string[],
  flags: UndoFlags,
  signal: AbortSignal,
  prompt: Prompt | undefined = promptAt(signal),
): Promise<number> {
  if (names.length === 0 && flags.since === undefined) {
    throw new UsageError('undo takes finding ids, resource ids or ARNs, or --since TIME');
  }
  const now = new Date();
  const subjects = names.map(subjectOf);
  const filter = {
    subjects,
    actions: actionsNamed(flags.action),
    since: flags.since === undefined ? undefined : sinceOf(flags.since, now),
  };
  if (flags.dryRun !== true) checkConsent(flags, prompt, 'undo');
  const deployment = await openDeployment(flags, regionOfAll(subjects));
  checkAccountRegion(subjects, deployment);
  const operator = await asOperator(deployment);
  const options = optionsOf(deployment, operator, flags, signal);
  return withStateTable(deployment, async () => {
    const { actionRuns, missing } = await chooseActionRuns(options.history, filter, deployment, controls);
    const result = {
      ...(await undoChosen(actionRuns, { ...deployment, operator }, flags, options, prompt)),
      missing,
    };
    report(result, deployment, flags);
    // What was done before an interruption has been reported by now.
    signal.throwIfAborted();
    return codeOf(result);
  });
}

interface OperatorSession extends DeploymentSession {
  /** For clients of the state table and the bus. */
  readonly operator: ClientConfig;
}

interface CommandResult {
  readonly attempts: readonly UndoAttempt[];
  readonly missing: readonly Subject[];
  /** Whether the person who was asked did not agree. */
  readonly declined: boolean;
}

/** Shows the preview, asks unless `--yes` was given, and undoes. */
async function undoChosen(
  actionRuns: readonly ActionRun[],
  deployment: OperatorSession,
  flags: UndoFlags,
  options: UndoAllOptions,
  prompt: Prompt | undefined,
): Promise<Omit<CommandResult, 'missing'>> {
  const { dryRun = false, yes = false, format } = flags;
  const table = format === 'table';
  let question = '';
  if (dryRun || !yes) {
    const previewed = await previewUndo(actionRuns, options);
    const possible = previewed.filter(({ result }) => result.kind === 'would-be-undone').length;
    // With --format json, the person who is asked sees the preview on stderr.
    if (table) process.stdout.write(previewed.length === 0 ? '' : `${previewText(previewed)}\n\n`);
    else if (!dryRun && possible > 0) process.stderr.write(`${previewText(previewed)}\n\n`);
    if (dryRun || possible === 0) return { attempts: previewed, declined: false };
    const what = possible === 1 ? 'this action' : `these ${possible} actions`;
    question = `Undo ${what} in ${deploymentText(deployment)}?`;
  }
  const given = await consented(flags, prompt, question);
  if (given === undefined) return { attempts: [], declined: true };
  const overridden = flags.despiteKillSwitch === true ? (await options.killSwitch()).state : 'disengaged';
  const reason =
    overridden === 'disengaged' ? given : `${given} (although the kill switch was ${overridden})`;
  if (overridden !== 'disengaged') {
    process.stderr.write(`The kill switch is ${overridden}; this undo goes on all the same.\n`);
  }
  const undoOptions = { ...options, decision: { ...options.decision, reason } };
  const attempts = await undoAll(actionRuns, undoOptions, (attempt) => {
    if (table) process.stdout.write(`${undoText(attempt)}\n`);
  });
  await publish(attempts, deployment, undoOptions);
  return { attempts, declined: false };
}

/** Where publishing fails, the undo is done all the same. */
async function publish(
  attempts: readonly UndoAttempt[],
  { operator, stage }: OperatorSession,
  options: UndoAllOptions,
): Promise<void> {
  const { wait } = options.deps;
  const table = { client: dynamodbClient(operator), table: tableName(stage) };
  const store = (published: PublishedEvent) => storeEvent(table, published, Date.now());
  const bus = { client: eventBridgeClient(operator), store, stage, wait };
  const failure = await publishEvents(eventsOf(attempts, options, stage), bus);
  if (failure === undefined) return;
  process.stderr.write(
    `the outcome was not published on the event bus ${busName(stage)}, so that nobody is notified of it: ${printable(failure)}\n`,
  );
}

function report(
  { attempts, missing, declined }: CommandResult,
  deployment: DeploymentSession,
  { format, dryRun = false }: UndoFlags,
): void {
  if (format === 'json') {
    const notFound = missing.map(({ name }) => name);
    const actionRuns = attempts.map(undoJson);
    const json = { ...deploymentJson(deployment), dryRun, declined, actionRuns, notFound };
    process.stdout.write(`${printableJson(json, 2)}\n`);
  } else if (declined) {
    process.stdout.write('Nothing was undone.\n');
  } else if (attempts.length === 0 && missing.length === 0) {
    process.stdout.write(`There is nothing to undo in ${deploymentText(deployment)}.\n`);
  } else if (dryRun) {
    process.stdout.write('Nothing was changed.\n');
  } else if (attempts.some(({ result }) => result.kind === 'undone')) {
    process.stdout.write(
      'The policy does not repeat these actions for the same failure, but may once the finding is closed and opened again.\n',
    );
  }
  for (const { name } of missing) process.stderr.write(`no actions for ${printable(name)}\n`);
}

function codeOf({ attempts, missing, declined }: CommandResult): number {
  const left = attempts.filter((attempt) => !isComplete(attempt));
  if (declined || left.some(({ result }) => result.kind !== 'unreadable')) return exitCode.failure;
  return left.length + missing.length > 0 ? exitCode.incomplete : exitCode.success;
}

function optionsOf(
  deployment: DeploymentSession,
  operator: ClientConfig,
  { despiteKillSwitch = false }: UndoFlags,
  signal: AbortSignal,
): UndoAllOptions {
  const { config, account, region, stage } = deployment;
  const client = dynamodbClient(operator);
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
    decision: { actor: 'operator', name: callerOf(deployment), reason: 'This is a preview.' },
    leaseFor,
    killSwitch: () => killSwitch(ssm, killSwitchName(stage)),
    despiteKillSwitch,
    signal,
  };
}
