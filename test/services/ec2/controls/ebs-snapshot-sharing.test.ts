import { describe, expect, it } from 'vitest';
import { ebsSnapshotSharing as control } from '../../../../lib/services/ec2/controls/ebs-snapshot-sharing.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import { account, ec2, region } from './records.ts';

const friend = '444455556666';
const externalAccount = '999999999999';

const modified = (request: Readonly<Record<string, unknown>>) =>
  ec2('ModifySnapshotAttribute', {
    snapshotId: 'snap-0abc',
    attributeType: 'CREATE_VOLUME_PERMISSION',
    ...request,
  });
const add = (...items: readonly unknown[]) => modified({ createVolumePermission: { add: { items } } });
const remove = (...items: readonly unknown[]) => modified({ createVolumePermission: { remove: { items } } });
const reset = ec2('ResetSnapshotAttribute', {
  snapshotId: 'snap-0abc',
  attributeType: 'CREATE_VOLUME_PERMISSION',
});
const all = { group: 'all' };

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}

describe('ebs-snapshot-sharing', () => {
  it('evaluates the snapshot in the request', async () => {
    const [evaluated] = await evaluateTrail(control, [add(all)]);
    expect(evaluated?.resource).toEqual({
      type: 'AwsEc2Snapshot',
      id: 'snap-0abc',
      arn: `arn:aws:ec2:${region}::snapshot/snap-0abc`,
      account,
      region,
    });
  });

  it.each([
    ['everyone', all, 'FAIL'],
    ['a strange account', { userId: externalAccount }, 'FAIL'],
    ['an allowed account', { userId: friend }, 'PASS'],
    ['an allowed account with dashes', { userId: '4444-5555-6666' }, 'PASS'],
    ['an allowed account as a number', { userId: 444455556666 }, 'PASS'],
    ['its own account', { userId: account }, 'PASS'],
    ['a group that is no account', { group: 'partners' }, 'FAIL'],
  ])('sharing with %s', async (_who, item, verdict) => {
    expect(await verdicts([add(item)], { allowedAccounts: [friend] })).toEqual([verdict]);
  });

  it('allows only its own account by default', async () => {
    expect(await verdicts([add({ userId: friend })])).toEqual(['FAIL']);
  });

  it('takes a leading zero that a number lost', async () => {
    expect(await verdicts([add({ userId: 12345678912 })], { allowedAccounts: ['012345678912'] })).toEqual([
      'PASS',
    ]);
  });

  it('fails while any share is left, and passes when the last is removed', async () => {
    const trail = [
      add({ userId: externalAccount }),
      add(all),
      remove(all),
      remove({ userId: externalAccount }),
    ];
    expect(await verdicts(trail)).toEqual(['FAIL', 'FAIL', 'FAIL', 'PASS']);
  });

  it('passes after a reset', async () => {
    expect(await verdicts([add(all, { userId: externalAccount }), reset])).toEqual(['FAIL', 'PASS']);
  });

  it('takes the removal of a share that the trail does not show as no sharing', async () => {
    const [evaluated] = await evaluateTrail(control, [remove({ userId: externalAccount })]);
    expect(evaluated).toMatchObject({
      verdict: 'PASS',
      evidence: { summary: expect.stringContaining('as far as the trail goes back') },
    });
  });

  it('is certain of a snapshot whose creation the trail shows', async () => {
    const created = ec2(
      'CreateSnapshot',
      { volumeId: 'vol-1' },
      { snapshotId: 'snap-0abc', encrypted: true },
    );
    const [evaluated] = await evaluateTrail(control, [created, remove({ userId: externalAccount })]);
    expect(evaluated?.evidence.summary).toBe('The snapshot snap-0abc is not shared.');
  });

  it('observes whether the snapshot is encrypted, where the trail tells', async () => {
    const created = ec2(
      'CreateSnapshot',
      { volumeId: 'vol-1' },
      { snapshotId: 'snap-0abc', encrypted: false },
    );
    const [evaluated] = await evaluateTrail(control, [created, add(all)]);
    expect(evaluated?.evidence.observed).toContainEqual(
      expect.objectContaining({ what: 'encrypted', value: false }),
    );
  });

  it.each([
    { operationType: 'add', userIdSet: { items: [{ userId: externalAccount }] } },
    { operationType: 'add', userId: [externalAccount] },
    { operationType: 'ADD', groupSet: { items: [{ group: 'all' }] } },
    { operationType: 'add', userGroupSet: { items: [{ userGroup: 'all' }] } },
    { operationType: 'add', userGroup: ['all'] },
    { operationType: 'add', userId: externalAccount },
    { operationType: 'add', groupNames: 'all' },
    { OperationType: 'add', UserIds: [externalAccount] },
  ])('reads the older form %j', async (request) => {
    expect(await verdicts([modified(request)])).toEqual(['FAIL']);
  });

  it('reads a removal in the older form', async () => {
    const removed = modified({ operationType: 'remove', groupSet: { items: [{ group: 'all' }] } });
    expect(await verdicts([add(all), removed])).toEqual(['FAIL', 'PASS']);
  });

  it.each([
    { createVolumePermission: { add: { items: [{ groups: 'all' }] } } },
    { createVolumePermission: { add: { items: [{ userIds: [externalAccount] }] } } },
    { createVolumePermission: { add: { items: [{ userIdSet: { items: [{ userId: externalAccount }] } }] } } },
    { createVolumePermission: { add: externalAccount } },
    { createVolumePermission: { add: [externalAccount] } },
    { createVolumePermission: { add: { userId: externalAccount } } },
    { CreateVolumePermission: { Add: [{ UserId: externalAccount }] } },
    { CreateVolumePermission: { Add: { tag: 1, Group: 'all' } } },
  ])('fails a share in the form %j', async (request) => {
    expect(await verdicts([modified(request)])).toEqual(['FAIL']);
  });

  it('reads a request inside its wrapper', async () => {
    const record = ec2('ModifySnapshotAttribute', {
      ModifySnapshotAttributeRequest: {
        SnapshotId: 'snap-0abc',
        CreateVolumePermission: { Add: { tag: 1, UserId: externalAccount } },
      },
    });
    const [evaluated] = await evaluateTrail(control, [record]);
    expect([evaluated?.resource.id, evaluated?.verdict]).toEqual(['snap-0abc', 'FAIL']);
  });

  it('reads whom it can beside what it cannot', async () => {
    expect(await verdicts([add({ userId: friend }, {})], { allowedAccounts: [friend] })).toEqual(['UNKNOWN']);
    expect(await verdicts([add({ userId: externalAccount }, {})], { allowedAccounts: [friend] })).toEqual([
      'FAIL',
    ]);
  });

  it.each([
    {},
    { createVolumePermission: '<sensitiveDataRemoved>' },
    { createVolumePermission: { add: { items: [{ userId: '<sensitiveDataRemoved>' }] } } },
    { createVolumePermission: { add: { items: [{}] } } },
    { operationType: 'add' },
    { operationType: 'add', userIdSet: {} },
    { operationType: '<sensitiveDataRemoved>', userId: externalAccount },
    { createVolumePermission: {} },
    { createVolumePermission: { add: null } },
    { createVolumePermission: { add: {} } },
    { createVolumePermission: { add: true } },
    { createVolumePermission: { items: [{ userId: externalAccount }] } },
    { createVolumePermission: externalAccount },
  ])('does not know what an unreadable change did: %j', async (request) => {
    expect(await verdicts([modified(request)])).toEqual(['UNKNOWN']);
  });

  it('stays in doubt after an unreadable change until a reset', async () => {
    const trail = [modified({}), remove(all), add(all), reset];
    expect(await verdicts(trail)).toEqual(['UNKNOWN', 'UNKNOWN', 'FAIL', 'PASS']);
  });

  it.each(['PRODUCT_CODES', 'productCodes'])(
    'is not concerned by the attribute %s',
    async (attributeType) => {
      expect(await verdicts([modified({ attributeType, createVolumePermission: {} })])).toEqual([]);
    },
  );

  it('keeps snapshots apart', async () => {
    const other = ec2('ResetSnapshotAttribute', { snapshotId: 'snap-1' });
    expect(await verdicts([add(all), other, remove({ userId: externalAccount })])).toEqual([
      'FAIL',
      'PASS',
      'FAIL',
    ]);
  });

  it('names the strange accounts in the evidence', async () => {
    const [evaluated] = await evaluateTrail(control, [add({ userId: externalAccount }, { userId: friend })], {
      allowedAccounts: [friend],
    });
    expect(evaluated?.evidence).toMatchObject({
      summary: `The snapshot snap-0abc is shared outside the allowed accounts: with ${externalAccount}.`,
      required: `no sharing outside the account of the snapshot and ${friend}`,
      observed: [{ what: 'createVolumePermission', value: [externalAccount, friend] }, { what: 'encrypted' }],
    });
  });

  it('ends when the snapshot is deleted', () => {
    expect(deletedResources(control, ec2('DeleteSnapshot', { snapshotId: 'snap-0abc' }))).toMatchObject([
      { type: 'AwsEc2Snapshot', id: 'snap-0abc' },
    ]);
  });

  it('takes account ids of 12 digits only', () => {
    expect(control.settings.safeParse({ allowedAccounts: ['1234'] }).success).toBe(false);
  });
});
