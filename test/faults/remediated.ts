/** What became of the offenders: how each is, what is in the journal, which calls changed it, and what an undo brings back. */

import { dynamodbClient } from '../../lib/aws/dynamodb.ts';
import { tableName } from '../../lib/aws/names.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { DynamoJournal } from '../../lib/remediation/actions/journal-dynamodb.ts';
import { run, stage } from '../e2e/deployment.ts';
import { region } from '../e2e/emulated-aws.ts';
import { type Kind, kinds, type Part } from './offender-kinds.ts';
import { differs, type Offender } from './offenders.ts';
import type { Call } from './relay.ts';

/** What was done to one offender. */
export interface Done {
  readonly offender: Offender;
  /** Its action runs, each with its status: `fix:enable-key 1 done`. */
  readonly actionRuns: readonly string[];
  /** How many calls AWS carried out that change something, by their names; tries of one call counted once. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Those that are not as their kind has it at a time. */
export async function otherwise(
  stack: Part,
  offenders: readonly Offender[],
  wanted: 'failing' | 'mended' | 'atLast',
) {
  const all = await Promise.all(
    offenders.map(async (offender) => ({
      offender,
      is: await differs(stack, offender, offender.kind[wanted]),
    })),
  );
  return all.flatMap(({ offender, is }) => (is === undefined ? [] : [{ offender, is }]));
}

/** Whether a call changes the offender in a way that its actions do. */
export function concerns({ kind, id }: Offender, { name, path, body }: Call): boolean {
  if (!Object.values(kind.actionRuns).some(({ changes }) => changes.includes(name))) return false;
  const call = `${path} ${decodeURIComponent(body.toString('utf8').replaceAll('+', ' '))}`;
  return kind.concerns?.(id, call) ?? call.includes(id);
}

/** @param changes all calls that changed something. */
export async function doneTo(offender: Offender, changes: readonly Call[]): Promise<Done> {
  const actionRuns = await actionRunsFor(offender);
  const own = Map.groupBy(
    changes.filter((call) => concerns(offender, call)),
    ({ name }) => name,
  );
  return {
    offender,
    actionRuns: actionRuns.map(({ action, sequence, status }) => `${action} ${sequence} ${status}`).sort(),
    changes: Object.fromEntries(
      [...own].map(([name, calls]) => [name, new Set(calls.map(({ invocation }) => invocation)).size]),
    ),
  };
}

function actionRunsFor({ finding }: Offender): Promise<readonly ActionRun[]> {
  const journal = new DynamoJournal({
    client: dynamodbClient({ region }),
    table: tableName(stage),
    now: () => new Date(),
  });
  return journal.of(finding);
}

/** Takes back what was done to the first of each kind of which that can be. @returns what is not as before. */
export async function takeBack(
  stack: Part,
  offenders: readonly Offender[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const differences = await Promise.all(kinds.map((kind) => takeBackOne(stack, kind, offenders, env)));
  return differences.flat();
}

async function takeBackOne(
  stack: Part,
  kind: Kind,
  offenders: readonly Offender[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const offender = offenders.find((one) => one.kind === kind);
  if (kind.undo === undefined || offender === undefined) return [];
  const { action, before } = kind.undo;
  const accountRegion = ['--stage', stage, '--region', region];
  const { code, all } = await run(
    'bin/trailseal.mjs',
    ['undo', offender.finding, '--action', action, '--yes', '--reason', 'a test', ...accountRegion],
    env,
  );
  const is = await differs(stack, offender, before);
  return code === 0 && is === undefined ? [] : [`${is} after undo (${code}): ${all}`];
}
