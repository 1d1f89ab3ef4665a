/**
 * A stack of the commit before this one, upgraded in place with what it has begun, and back again. Without the history, as in
 * a shallow clone, there is nothing to upgrade from.
 */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scheduleGroupName, tableName } from '../../lib/aws/names.ts';
import { eventually } from './deployed-stack.ts';
import { region } from './emulated-aws.ts';
import {
  arnOfInstance,
  describeInstance,
  launch,
  makeNetwork,
  type Network,
  putLaunchEvent,
} from './instances.ts';
import { arnOfKey, disabledKey, stateOf } from './remediation-deployment.ts';
import { previousVersion, removeVersion, sls, stage, thisVersion, trailseal } from './versions.ts';

const current = await thisVersion();
const previous = await previousVersion();
const longestWait = 80_000;
const yes = ['--yes', '--reason', 'a test'];

/** How many grace periods wait for their end. */
async function pending(): Promise<number> {
  const scheduler = new SchedulerClient({ region });
  const GroupName = scheduleGroupName(stage);
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName }));
  return Schedules.length;
}

describe.skipIf(previous === undefined)('a stack of the commit before', () => {
  const before = previous ?? current;
  let network: Network;
  let instance: string;
  let key: string;

  /** Before the upgrade, a fix was done, and a quarantine of two instances waits for two minutes. */
  beforeAll(async () => {
    await sls(before, 'deploy');
    key = await disabledKey();
    network = await makeNetwork();
    const launched = await launch(network);
    [instance] = launched;
    await putLaunchEvent(launched);
    await eventually(async () => {
      expect([await stateOf(key), await pending()]).toEqual(['Enabled', 2]);
    }, longestWait);
    await sls(current, 'deploy');
  }, 400_000);
  afterAll(async () => {
    await sls(current, 'remove');
    removeVersion(before);
  }, 180_000);

  it('is upgraded in place, and what waits goes on waiting', async () => {
    expect([(await describeInstance(instance)).groups, await pending()]).toEqual([network.groups, 2]);
  });

  it('undoes what was done before the upgrade', async () => {
    const { code, all } = await trailseal(
      current,
      'undo',
      arnOfKey(key),
      '--action',
      'fix:enable-key',
      ...yes,
    );
    expect([code, all]).toEqual([0, expect.any(String)]);
    expect(await stateOf(key)).toBe('Disabled');
  });

  it('ends the grace period that began before the upgrade', async () => {
    await eventually(async () => {
      const { groups, protected: isProtected } = await describeInstance(instance);
      expect([groups.length, isProtected, await pending()]).toEqual([1, true, 0]);
      expect(network.groups).not.toContain(groups[0]);
    }, 200_000);
  }, 210_000);

  it.skipIf(before.formatVersion !== current.formatVersion)(
    'goes back in place, and undoes then what was done after the upgrade',
    async () => {
      await sls(before, 'deploy');
      const { code, all } = await trailseal(before, 'undo', arnOfInstance(instance), ...yes);
      expect([code, all]).toEqual([0, expect.any(String)]);
      expect((await describeInstance(instance)).groups).toEqual(network.groups);
    },
    300_000,
  );

  it('stops with an error that says why, where its state is of a newer version', async () => {
    await new DynamoDBClient({ region }).send(
      new PutItemCommand({
        TableName: tableName(stage),
        Item: {
          pk: { S: 'limits/fix' },
          sk: { S: 'limits' },
          formatVersion: { N: String(current.formatVersion + 1) },
        },
      }),
    );
    const { code, all } = await trailseal(current, 'breaker', 'show', 'fix');
    expect(code).not.toBe(0);
    expect(all).toMatch(/newer/);
  });
});
