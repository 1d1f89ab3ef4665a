/** What remediation made of the fixtures: their state, their action runs, the calls that changed them, and their undo. */

import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { run, stage } from '../e2e/deployment.ts';
import { region } from '../e2e/emulated-aws.ts';
import { type FixtureKind, kinds, type ServiceClients } from './fixture-kinds.ts';
import { difference, type FailingFixture } from './fixtures.ts';
import type { RelayedCall } from './relay.ts';

/** What was done to one fixture. */
export interface Remediated {
  readonly fixture: FailingFixture;
  /** Its action runs, each with its status: `fix:enable-key 1 done`. */
  readonly actionRuns: readonly string[];
  /** How many calls that change something AWS carried out, by their names; attempts of one call counted once. */
  readonly changes: Readonly<Record<string, number>>;
}

/** The fixtures that differ from what their kind says, and how. */
export async function differing(
  stack: ServiceClients,
  fixtures: readonly FailingFixture[],
  wanted: 'failing' | 'fixed' | 'closed',
) {
  const all = await Promise.all(
    fixtures.map(async (fixture) => ({
      fixture,
      is: await difference(stack, fixture, fixture.kind[wanted]),
    })),
  );
  return all.flatMap(({ fixture, is }) => (is === undefined ? [] : [{ fixture, is }]));
}

/** Whether a call changes the fixture as its actions do. */
export function concerns({ kind, id }: FailingFixture, { name, path, body }: RelayedCall): boolean {
  if (!Object.values(kind.actionRuns).some(({ changes }) => changes.includes(name))) return false;
  const call = `${path} ${decodeURIComponent(body.toString('utf8').replaceAll('+', ' '))}`;
  return kind.concerns?.(id, call) ?? call.includes(id);
}

/** @param changes all calls that changed something. */
export async function remediatedBy(
  fixture: FailingFixture,
  changes: readonly RelayedCall[],
): Promise<Remediated> {
  const actionRuns = await actionRunsFor(fixture);
  const own = Map.groupBy(
    changes.filter((call) => concerns(fixture, call)),
    ({ name }) => name,
  );
  return {
    fixture,
    actionRuns: actionRuns.map(({ action, sequence, status }) => `${action} ${sequence} ${status}`).sort(),
    changes: Object.fromEntries(
      [...own].map(([name, calls]) => [name, new Set(calls.map(({ invocation }) => invocation)).size]),
    ),
  };
}

function actionRunsFor({ finding }: FailingFixture): Promise<readonly ActionRun[]> {
  const history = new DynamoRunHistory({
    client: dynamodbClient({ region }),
    table: tableName(stage),
    now: () => new Date(),
  });
  return history.of(finding);
}

/** Undoes the actions on the first fixture of each kind whose action can be undone. @returns what differs then. */
export async function undoOneOfEach(
  stack: ServiceClients,
  fixtures: readonly FailingFixture[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const differences = await Promise.all(kinds.map((kind) => undoOne(stack, kind, fixtures, env)));
  return differences.flat();
}

async function undoOne(
  stack: ServiceClients,
  kind: FixtureKind,
  fixtures: readonly FailingFixture[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const fixture = fixtures.find((one) => one.kind === kind);
  if (kind.undo === undefined || fixture === undefined) return [];
  const { action, before } = kind.undo;
  const options = ['--stage', stage, '--region', region];
  const { code, all } = await run(
    'bin/trailseal.mjs',
    ['undo', fixture.finding, '--action', action, '--yes', '--reason', 'a test', ...options],
    env,
  );
  const is = await difference(stack, fixture, before);
  return code === 0 && is === undefined ? [] : [`${is} after undo (${code}): ${all}`];
}
