/** What the role that writes to KMS may do, and never may, with a policy that asks for everything. */
import { describe, expect, it } from 'vitest';
import { madeWith } from '../made.ts';
import { type Call, mayCall } from '../simulate.ts';
import { account, one, region } from '../template.ts';
import { everything } from './everything.ts';

const { resources } = await madeWith(everything.policy, everything.parameters);
const role = one(resources, 'KmsWriteRole');
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
  action,
  resource,
  context,
});
const key = own('kms', 'key/1234');
const tags = { 'aws:TagKeys': ['trailseal:status', 'trailseal:at'] };
const ofTrailseal = { 'aws:ResourceTag/aws:cloudformation:stack-name': 'trailseal-dev' };

describe('the role that writes to KMS', () => {
  it.each([
    call('kms:DescribeKey', key),
    call('kms:EnableKey', key),
    call('kms:CancelKeyDeletion', key),
    call('kms:EnableKeyRotation', key, { 'kms:RotationPeriodInDays': '90' }),
    call('kms:DisableKeyRotation', key),
    call('kms:RevokeGrant', key),
    call('kms:TagResource', key, tags),
    call('kms:UntagResource', key, tags),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(role, allowed)).toBe(true);
  });

  it.each([
    ['enable a key of Trailseal’s own', call('kms:EnableKey', key, ofTrailseal)],
    ['disable a key', call('kms:DisableKey', key)],
    ['tag a key of Trailseal’s own', call('kms:TagResource', key, { ...tags, ...ofTrailseal })],
    ['write a key policy, which has a role of its own', call('kms:PutKeyPolicy', key)],
    ['set other tags than those of the policy', call('kms:TagResource', key, { 'aws:TagKeys': ['owner'] })],
    ['schedule the deletion of a key', call('kms:ScheduleKeyDeletion', key)],
    ['grant a key', call('kms:CreateGrant', key)],
    ['enable a key of another account', call('kms:EnableKey', `arn:aws:kms:${region}:444455556666:key/1234`)],
    ['enable a key in another Region', call('kms:EnableKey', `arn:aws:kms:us-west-2:${account}:key/1234`)],
    ['tag an instance', call('ec2:CreateTags', own('ec2', 'instance/i-1'), tags)],
    ['update a cluster', call('eks:UpdateClusterConfig', own('eks', 'cluster/one'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(role, refused)).toBe(false);
  });

  describe('where operators may not request an undo', async () => {
    const made = await madeWith('operators: { customActions: [fix:enable-rotation] }');
    it.each([
      ['switch the rotation off', call('kms:DisableKeyRotation', key)],
      [
        'make its period longer than the action does',
        call('kms:EnableKeyRotation', key, { 'kms:RotationPeriodInDays': '2560' }),
      ],
    ])('may not %s', async (_what, refused) => {
      expect(await mayCall(one(made.resources, 'KmsWriteRole'), refused)).toBe(false);
    });
  });
});

describe('the role of the fix that restores key policies', () => {
  const own = one(resources, 'KmsRestoreKeyPolicyWriteRole');

  it('may write a key policy', async () => {
    expect(await mayCall(own, call('kms:PutKeyPolicy', key))).toBe(true);
  });

  it.each([
    ['of a key of Trailseal’s own', call('kms:PutKeyPolicy', key, ofTrailseal)],
    ['past KMS’s check', call('kms:PutKeyPolicy', key, { 'kms:BypassPolicyLockoutSafetyCheck': 'true' })],
  ])('may not write one %s', async (_what, refused) => {
    expect(await mayCall(own, refused)).toBe(false);
  });

  it('is not made unless the policy asks for it', async () => {
    const made = await madeWith('controls: { kms-key-policy: { actions: [tag] } }');
    expect([...made.resources.keys()].filter((id) => id.endsWith('WriteRole'))).toEqual(['KmsWriteRole']);
  });
});
