/** Runs `trailseal history`. */

import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { controls } from '../../lib/services/catalogue.ts';
import type { HistoryFlags } from '../commands/history.ts';
import { exitCode } from '../exit.ts';
import { actionsNamed, chooseActionRuns, sinceOf } from '../operator/choose.ts';
import { deploymentText, openDeployment, withStateTable } from '../operator/deployment.ts';
import { asOperator } from '../operator/operator-role.ts';
import { checkAccountRegion, regionOfAll, subjectOf } from '../operator/subject.ts';
import { printable, printableJson } from '../output/printable.ts';
import { stdoutOptions } from '../output/table.ts';
import { actionRunJson, actionRunsText } from './text.ts';

/** The time since when actions are listed, where nothing is named. */
const defaultSpan = '7 days';

/**
 * Lists action runs, oldest first; nothing is changed.
 * @returns the exit code: 3 where the state table could not be read, or has nothing for what was named.
 */
export async function runHistory(flags: HistoryFlags): Promise<number> {
  const now = () => new Date();
  const subjects = flags.finding.map(subjectOf);
  const actions = actionsNamed(flags.action);
  const written = flags.since ?? (subjects.length === 0 ? defaultSpan : undefined);
  const since = written === undefined ? undefined : sinceOf(written, now());
  const deployment = await openDeployment(flags, regionOfAll(subjects));
  checkAccountRegion(subjects, deployment);
  const client = dynamodbClient(await asOperator(deployment));
  const history = new DynamoRunHistory({ client, table: tableName(deployment.stage), now });
  return withStateTable(deployment, async () => {
    const { actionRuns, missing } = await chooseActionRuns(
      history,
      { subjects, since, actions },
      deployment,
      controls,
    );
    if (flags.format === 'json') {
      process.stdout.write(`${printableJson(actionRuns.map(actionRunJson), 2)}\n`);
    } else if (actionRuns.length > 0) {
      process.stdout.write(`${actionRunsText(actionRuns, stdoutOptions().width)}\n`);
    } else {
      const when = since === undefined ? '' : ` since ${since.toISOString()}`;
      process.stdout.write(`No actions${when} in ${deploymentText(deployment)}.\n`);
    }
    for (const { name } of missing) process.stderr.write(`no actions for ${printable(name)}\n`);
    return missing.length > 0 ? exitCode.incomplete : exitCode.success;
  });
}
