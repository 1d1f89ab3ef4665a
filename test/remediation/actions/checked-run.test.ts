/** Action runs whose finding, resource and action do not belong together, as somebody would forge them who may write items. */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import type { ActionRun } from '../../../lib/remediation/actions/action-run.ts';
import { checkActionRun } from '../../../lib/remediation/actions/checked-run.ts';
import { DynamoRunHistory } from '../../../lib/remediation/actions/run-history-dynamodb.ts';
import { actionRunKey, toItem } from '../../../lib/remediation/actions/run-history-items.ts';
import { id, simulated } from '../fixture.ts';
import { fakeKey, start } from './simulated-resource.ts';

const other = 'arn:aws:kms:eu-central-1:111122223333:key/payments';

async function done(): Promise<{ readonly key: ReturnType<typeof fakeKey>; readonly actionRun: ActionRun }> {
  const key = fakeKey();
  await key.carryOut();
  const actionRun = await key.actionRun();
  if (actionRun === undefined) throw new Error('nothing was done');
  return { key, actionRun };
}

const forgeries: readonly (readonly [string, (actionRun: ActionRun) => ActionRun, RegExp])[] = [
  [
    'that names another resource',
    (run) => ({ ...run, resource: { ...run.resource, id: 'payments', arn: other } }),
    /its resource \\?".*payments" is not that of its finding/,
  ],
  [
    'of another control',
    (run) => ({ ...run, finding: { ...run.finding, control: 'kms-key-policy' } }),
    /is not that of its finding/,
  ],
  [
    'that names a resource of another account',
    (run) => ({ ...run, resource: { ...run.resource, account: '444455556666' } }),
    /is not that of its finding/,
  ],
];

describe('an action run', () => {
  it.each(forgeries)('%s is not undone, and the error says what to do', async (_what, forge, reason) => {
    const { key, actionRun } = await done();
    const undoing = key.undo({}, forge(actionRun));
    await expect(undoing).rejects.toThrow(StateTableError);
    await expect(undoing).rejects.toThrow(reason);
    await expect(undoing).rejects.toThrow(/nothing is done or undone by it.*delete the item/);
    expect(key.state.value).toBe('enabled');
  });

  it.each(forgeries)('%s is not resumed by a message', async (_what, forge, reason) => {
    const { fake, remediate } = await simulated();
    await fake.interruptedFor(id, 'kms-key-disabled');
    const begun = await fake.history.latest(id, 'fix:enable-key');
    if (begun === undefined) throw new Error('nothing was begun');
    await fake.history.save({ ...forge(begun), version: begun.version + 1 });
    await fake.deps.wait(3_600_000);
    await expect(remediate()).rejects.toThrow(reason);
    expect(fake.state.writes).toBe(0);
  });

  it('of an action that its control does not offer is not used', async () => {
    const { fake } = await simulated();
    await fake.interruptedFor(id, 'kms-key-disabled');
    const begun = await fake.history.latest(id, 'fix:enable-key');
    if (begun === undefined) throw new Error('nothing was begun');
    expect(checkActionRun(begun, { finding: id, action: 'fix:enable-key' })).toBe(begun);
    expect(() => checkActionRun({ ...begun, action: 'quarantine' }, { finding: id })).toThrow(
      /its action .*quarantine.* is none of kms-key-disabled/,
    );
  });
});

describe('the item of an action run', () => {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const history = new DynamoRunHistory({ client, table: 'state', now: () => new Date(start) });

  it('that lies under the key of another is not read, by functions and the command alike', async () => {
    const { actionRun } = await done();
    const victim = 'trailseal/fake-control/111122223333/eu-central-1/payments';
    const moved = {
      ...toItem(actionRun, new Date(start)),
      ...actionRunKey({ ...actionRun, finding: { ...actionRun.finding, id: victim } }),
    };
    mockClient(client)
      .on(QueryCommand)
      .resolves({ Items: [moved] });
    for (const reading of [history.of(victim), history.latest(victim, 'fix:enable-key')]) {
      await expect(reading).rejects.toThrow(StateTableError);
      await expect(reading).rejects.toThrow(/its body is that of another action run/);
    }
  });

  it('that is as it was written is read', async () => {
    const { actionRun } = await done();
    mockClient(client)
      .on(QueryCommand)
      .resolves({ Items: [toItem(actionRun, new Date(start))] });
    expect(await history.of(actionRun.finding.id)).toEqual([actionRun]);
  });
});
