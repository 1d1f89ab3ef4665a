import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import { servesOnly, tasksOf, tasksOfRechecks } from '../../../lib/pipeline/live/tasks.ts';
import { Matcher } from '../../../lib/pipeline/match.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { eventOf, sample } from '../../evaluating.ts';

const matcher = new Matcher(controls);
const accountRegion = { account: '111122223333', region: 'us-east-1' };
const noParts = async () => [];

function event(control: string, name: string, change: Record<string, unknown> = {}) {
  const envelope = sample(control, name);
  return eventOf({ ...envelope, detail: { ...(envelope['detail'] as object), ...change } });
}

describe('the tasks of an event', () => {
  const launch = event('ec2-transit-encryption', 'fail-run-instances-type-without-encryption');
  const here = { account: launch.account, region: launch.region };

  it('are one for each control and resource that it triggers', async () => {
    const { tasks } = await tasksOf(launch, 1, matcher, servesOnly(here), noParts);
    expect(new Set(tasks.map(({ control }) => control.id))).toEqual(
      new Set(['ec2-transit-encryption', 'ec2-volume-encryption']),
    );
    expect(
      tasks.every(({ deleted, mayBeDeleted, key }) => !deleted && !mayBeDeleted && key === launch.id),
    ).toBe(true);
  });

  it('have another key for each attempt, and may find the resource deleted', async () => {
    const { tasks } = await tasksOf(launch, 2, matcher, servesOnly(here), noParts);
    expect(tasks.every(({ key, mayBeDeleted }) => key === `${launch.id}#2` && mayBeDeleted)).toBe(true);
  });

  it('are none for another account or Region than the deployment’s, which it can neither read nor publish', async () => {
    const elsewhere = { account: '444455556666', region: launch.region };
    expect(await tasksOf(launch, 1, matcher, servesOnly(elsewhere), noParts)).toEqual({
      tasks: [],
      ignored: 'other-account-or-region',
    });
  });

  it.each([
    ['failed-call', { errorCode: 'Client.UnauthorizedOperation', responseElements: null }],
    ['dry-run', { errorCode: 'Client.DryRunOperation', responseElements: null }],
    ['not-relevant', { eventName: 'DescribeInstances' }],
    ['no-resource-id', { responseElements: null, requestParameters: null }],
  ])('are none, with the reason %s', async (reason, change) => {
    const changed = event('ec2-transit-encryption', 'fail-run-instances-type-without-encryption', change);
    expect(await tasksOf(changed, 1, matcher, servesOnly(here), noParts)).toEqual({
      tasks: [],
      ignored: reason,
    });
  });

  it('are a deletion that may show late, when a grant was revoked', async () => {
    const revoked = event('kms-grant', 'pass-revoked');
    const there = { account: revoked.account, region: revoked.region };
    const { tasks } = await tasksOf(revoked, 1, matcher, servesOnly(there), noParts);
    expect(tasks.map(({ deleted, mayBeDeleted }) => ({ deleted, mayBeDeleted }))).toEqual([
      { deleted: true, mayBeDeleted: true },
    ]);
  });
});

describe('the tasks of a deletion event', () => {
  const terminated = event('ec2-transit-encryption', 'deletion-terminate-instances');
  const here = { account: terminated.account, region: terminated.region };

  it('are the resources that it names and, of the parts that the state table knows, those of the controls that it concerns', async () => {
    const volume: Resource = {
      type: 'AwsEc2Volume',
      id: 'vol-0a1b2c3d4e5f60001',
      arn: `arn:aws:ec2:${here.region}:${here.account}:volume/vol-0a1b2c3d4e5f60001`,
      ...here,
    };
    const asked: string[] = [];
    const { tasks } = await tasksOf(terminated, 1, matcher, servesOnly(here), async (arns) => {
      asked.push(...arns);
      return [
        { control: 'ec2-volume-encryption', resource: volume },
        { control: 'kms-key-rotation', resource: volume },
      ];
    });
    const instances = tasks.filter(({ resource }) => resource.type === 'AwsEc2Instance');
    expect(instances.map(({ control }) => control.id)).toEqual(instances.map(() => 'ec2-transit-encryption'));
    expect(asked).toEqual([...new Set(instances.map(({ resource }) => resource.arn))]);
    expect(
      tasks.filter(({ resource }) => resource.type === 'AwsEc2Volume').map(({ control }) => control.id),
    ).toEqual(['ec2-volume-encryption']);
    expect(tasks.every(({ deleted, mayBeDeleted }) => deleted && mayBeDeleted)).toBe(true);
  });

  it('count as a deletion where the same event is a trigger too', async () => {
    const deleted = event('kms-key-deletion', 'deletion-delete-key');
    const there = { account: deleted.account, region: deleted.region };
    const { tasks } = await tasksOf(deleted, 1, matcher, servesOnly(there), noParts);
    expect(tasks.find(({ control }) => control.id === 'kms-key-deletion')?.deleted).toBe(true);
  });
});

describe('the tasks of re-evaluations', () => {
  const key: Resource = {
    type: 'AwsKmsKey',
    id: '1234abcd-12ab-34cd-56ef-1234567890ab',
    arn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ...accountRegion,
  };

  it('are all controls of the resource’s type', () => {
    const { tasks } = tasksOfRechecks([{ resource: key }], 'm1', 0, controls, servesOnly(accountRegion));
    expect(tasks.map(({ control }) => control.id).sort()).toEqual(
      controls.flatMap(({ id, resourceType }) => (resourceType === 'AwsKmsKey' ? [id] : [])).sort(),
    );
  });

  it('are only the controls that the message names', () => {
    const rechecks = [{ resource: key, controls: ['kms-key-rotation'] }];
    const [task, ...others] = tasksOfRechecks(rechecks, 'm1', 5, controls, servesOnly(accountRegion)).tasks;
    expect(others).toEqual([]);
    expect(task).toMatchObject({
      key: 're-evaluate/m1 5',
      mayBeDeleted: true,
      deleted: false,
      cause: { eventName: 'ScheduledScan', time: 5 },
    });
  });

  it.each([
    ['in another Region', { region: 'eu-west-1' }],
    ['in another account', { account: '444455556666' }],
    ['whose ARN is of another account', { arn: key.arn.replace(accountRegion.account, '444455556666') }],
    [
      'that is part of one of another account',
      { partOf: key.arn.replace(accountRegion.account, '444455556666') },
    ],
  ])('are none for a resource %s', (_where, forged) => {
    expect(
      tasksOfRechecks([{ resource: { ...key, ...forged } }], 'm1', 0, controls, servesOnly(accountRegion)),
    ).toEqual({
      tasks: [],
      ignored: 'other-account-or-region',
    });
  });

  it('are none for a resource whose ARN is of another account, though both accounts are served', () => {
    const other = { ...accountRegion, account: '444455556666' };
    const forged = { ...key, arn: key.arn.replace(accountRegion.account, other.account) };
    expect(
      tasksOfRechecks([{ resource: forged }], 'm1', 0, controls, servesOnly(accountRegion, other)),
    ).toEqual({ tasks: [], ignored: 'other-account-or-region' });
  });

  it('are none where no control evaluates what is named', () => {
    const rechecks = [{ resource: key, controls: ['ec2-volume-encryption'] }];
    expect(tasksOfRechecks(rechecks, 'm1', 0, controls, servesOnly(accountRegion))).toEqual({
      tasks: [],
      ignored: 'not-evaluated',
    });
  });
});

describe('a re-evaluation whose id and ARN name two resources', () => {
  it('evaluates neither: a forged message could show one in the name of the other', () => {
    const resource = {
      type: 'AwsKmsKey',
      id: 'failing',
      arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/passing`,
      ...accountRegion,
    } as const;
    const tasks = (one: Resource) =>
      tasksOfRechecks([{ resource: one }], 'm1', 0, controls, servesOnly(accountRegion));
    expect(tasks(resource)).toEqual({ tasks: [], ignored: 'names-differ' });
    const agreeing = { ...resource, arn: resource.arn.replace('passing', 'failing') };
    expect(tasks(agreeing).tasks.length).toBeGreaterThan(0);
  });
});
