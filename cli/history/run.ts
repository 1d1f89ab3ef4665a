/** `trailseal action runs`: what was done and undone, by whom and why. */

import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { exitCode } from '../exit.ts';
import { chooseActionRuns } from '../operator/choose.ts';
import {
  accountRegionText,
  type DeploymentFlags,
  openDeployment,
  withStateTable,
} from '../operator/deployment.ts';
import { sinceOf } from '../operator/since.ts';
import { checkAccountRegion, regionOfAll, subjectOf } from '../operator/subject.ts';
import { printable, printableJson } from '../output/printable.ts';
import { actionsNamed } from '../undo/run.ts';
import { actionRunJson, actionRunsText } from './text.ts';

export interface ActionRunsFlags extends DeploymentFlags {
  readonly since?: string;
  readonly finding: readonly string[];
  readonly action: readonly string[];
}

/** Without anything named, action runs of so long ago are listed. */
const usual = '7 days';

/**
 * Lists action runs, oldest first; nothing is changed.
 * @returns the exit code: 3 where the state table could not be read, or holds nothing of what was named.
 */
export async function runActionRuns(flags: ActionRunsFlags): Promise<number> {
  const now = () => new Date();
  const subjects = flags.finding.map(subjectOf);
  const actions = actionsNamed(flags.action);
  const written = flags.since ?? (subjects.length === 0 ? usual : undefined);
  const since = written === undefined ? undefined : sinceOf(written, now());
  const deployment = await openDeployment(flags, regionOfAll(subjects));
  checkAccountRegion(subjects, deployment);
  const client = dynamodbClient(deployment.config);
  const journal = new DynamoRunHistory({ client, table: tableName(deployment.stage), now });
  return withStateTable(deployment, async () => {
    const { actionRuns, missing } = await chooseActionRuns(
      journal,
      { subjects, since, actions },
      deployment,
      controls,
    );
    if (flags.format === 'json') {
      process.stdout.write(`${printableJson(actionRuns.map(actionRunJson), 2)}\n`);
    } else if (actionRuns.length > 0) {
      process.stdout.write(`${actionRunsText(actionRuns, process.stdout.columns ?? 140)}\n`);
    } else {
      const when = since === undefined ? '' : ` since ${since.toISOString()}`;
      process.stdout.write(`Nothing was done${when} in ${accountRegionText(deployment)}.\n`);
    }
    for (const { name } of missing) process.stderr.write(`nothing was done for ${printable(name)}\n`);
    return missing.length > 0 ? exitCode.input : exitCode.fine;
  });
}
