/** What the role that writes to EC2 may do, and never may, with a policy that asks for everything. */
import { describe, expect, it } from 'vitest';
import { madeWith } from '../made.ts';
import { type Call, mayCall } from '../simulate.ts';
import { account, one, region } from '../template.ts';
import { everything } from './everything.ts';

const { resources } = await madeWith(everything.policy, everything.parameters);
const role = one(resources, 'Ec2WriteRole');
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
  action,
  resource,
  context,
});
const instance = own('ec2', 'instance/i-1');
const group = own('ec2', 'security-group/sg-1');
const snapshot = `arn:aws:ec2:${region}::snapshot/snap-1`;
const key = own('kms', 'key/1234');
const tags = { 'aws:TagKeys': ['trailseal:status', 'trailseal:at'] };
const isolation = { 'aws:ResourceTag/trailseal:isolation': 'vpc-1' };
const networkInterface = own('ec2', 'network-interface/eni-1');
const sets = (attribute: string, more: Call['context'] = {}) => ({ 'ec2:Attribute': attribute, ...more });
const byEc2 = { 'kms:ViaService': `ec2.${region}.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true' };
const autoScalingGroup = own('autoscaling', 'autoScalingGroup:1234:autoScalingGroupName/one');
const targetGroup = own('elasticloadbalancing', 'targetgroup/one/1234');

describe('the role that writes to EC2', () => {
  it.each([
    call('ec2:CreateTags', instance, tags),
    call('ec2:DeleteTags', instance, tags),
    call('ec2:CreateTags', own('ec2', 'launch-template/lt-1'), tags),
    call('ec2:CreateTags', snapshot, {
      'aws:TagKeys': ['trailseal:quarantine'],
      'ec2:CreateAction': 'CreateSnapshots',
    }),
    call('ec2:EnableEbsEncryptionByDefault', '*'),
    call('ec2:DisableEbsEncryptionByDefault', '*'),
    call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Remove/group': 'all' }),
    call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Remove/userId': '444455556666' }),
    call('ec2:ModifyInstanceAttribute', instance, sets('DisableApiTermination')),
    call(
      'ec2:ModifyInstanceAttribute',
      instance,
      sets('disableApiTermination', { 'ec2:Attribute/DisableApiTermination': 'true' }),
    ),
    call('ec2:StopInstances', instance),
    call('ec2:ModifyNetworkInterfaceAttribute', networkInterface, sets('groupSet')),
    call('ec2:ModifyNetworkInterfaceAttribute', networkInterface, sets('ConnectionTrackingSpecification')),
    call('ec2:ModifyNetworkInterfaceAttribute', group, isolation),
    call('ec2:ModifyNetworkInterfaceAttribute', instance),
    call('ec2:ModifyNetworkInterfaceAttribute', own('ec2', 'subnet/subnet-1')),
    call('ec2:CreateSecurityGroup', own('ec2', 'vpc/vpc-1')),
    call('ec2:CreateSecurityGroup', own('ec2', 'security-group/*'), {
      'aws:RequestTag/trailseal:isolation': 'vpc-1',
    }),
    call('ec2:RevokeSecurityGroupEgress', group, { 'aws:ResourceTag/trailseal:isolation': 'vpc-1' }),
    ...['DetachInstances', 'EnterStandby'].map((operation) =>
      call(`autoscaling:${operation}`, autoScalingGroup),
    ),
    call('elasticloadbalancing:DeregisterTargets', targetGroup),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(role, allowed)).toBe(true);
  });

  it.each([
    [
      'tag an instance beside the policy’s prefix',
      call('ec2:CreateTags', instance, { 'aws:TagKeys': ['trailseal:status', 'owner'] }),
    ],
    ['tag a VPC', call('ec2:CreateTags', own('ec2', 'vpc/vpc-1'), tags)],
    [
      'exempt an instance by a tag',
      call('ec2:CreateTags', instance, { 'aws:TagKeys': ['trailseal:exempt'] }),
    ],
    [
      'tag a new group as what it is not',
      call('ec2:CreateTags', group, {
        'aws:TagKeys': ['trailseal:isolation', 'owner'],
        'ec2:CreateAction': 'CreateSecurityGroup',
      }),
    ],
    [
      'tag a group as one that isolates',
      call('ec2:CreateTags', group, { 'aws:TagKeys': ['trailseal:isolation'] }),
    ],
    ['change the user data of an instance', call('ec2:ModifyInstanceAttribute', instance, sets('UserData'))],
    [
      'change the user data of an instance, by another name',
      call('ec2:ModifyInstanceAttribute', instance, sets('userData')),
    ],
    [
      'change anything of an instance that the request does not name',
      call('ec2:ModifyInstanceAttribute', instance),
    ],
    ...['SourceDestCheck', 'GroupSet', 'InstanceType', 'Kernel', 'BlockDeviceMapping'].map(
      (attribute): [string, Call] => [
        `change ${attribute} of an instance`,
        call('ec2:ModifyInstanceAttribute', instance, sets(attribute)),
      ],
    ),
    [
      'take the protection from termination away',
      call(
        'ec2:ModifyInstanceAttribute',
        instance,
        sets('DisableApiTermination', { 'ec2:Attribute/DisableApiTermination': 'false' }),
      ),
    ],
    ['change the groups of an instance itself', call('ec2:ModifyInstanceAttribute', group, isolation)],
    ...['SourceDestCheck', 'attachment', 'AssociatePublicIpAddress', 'description'].map(
      (attribute): [string, Call] => [
        `change ${attribute} of an interface`,
        call('ec2:ModifyNetworkInterfaceAttribute', networkInterface, sets(attribute)),
      ],
    ),
    [
      'give an interface a group that does not isolate',
      call('ec2:ModifyNetworkInterfaceAttribute', group, { 'aws:ResourceTag/Name': 'payments' }),
    ],
    [
      'share a snapshot with everybody',
      call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/group': 'all' }),
    ],
    [
      'share a snapshot with an account',
      call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/userId': '444455556666' }),
    ],
    [
      'change a snapshot otherwise than by taking its sharing back',
      call('ec2:ModifySnapshotAttribute', snapshot),
    ],
    ['start an instance', call('ec2:StartInstances', instance)],
    ['have a grant made as EC2 asks for it', call('kms:CreateGrant', key, byEc2)],
    ...['ExitStandby', 'AttachInstances'].map((operation): [string, Call] => [
      `call ${operation}`,
      call(`autoscaling:${operation}`, autoScalingGroup),
    ]),
    ['put a target back into its group', call('elasticloadbalancing:RegisterTargets', targetGroup)],
    [
      'give and take the sharing of a snapshot at once',
      call('ec2:ModifySnapshotAttribute', snapshot, {
        'ec2:Add/userId': '444455556666',
        'ec2:Remove/userId': '123456789012',
      }),
    ],
    ['make a group that is not marked', call('ec2:CreateSecurityGroup', own('ec2', 'security-group/*'))],
    ['change a group of somebody else', call('ec2:RevokeSecurityGroupEgress', group)],
    ['open a group', call('ec2:AuthorizeSecurityGroupIngress', group)],
    ['terminate an instance', call('ec2:TerminateInstances', instance)],
    [
      'terminate a member of an Auto Scaling group',
      call('autoscaling:TerminateInstanceInAutoScalingGroup', autoScalingGroup),
    ],
    [
      'delete a load balancer',
      call(
        'elasticloadbalancing:DeleteLoadBalancer',
        own('elasticloadbalancing', 'loadbalancer/app/one/1234'),
      ),
    ],
    ['delete a snapshot', call('ec2:DeleteSnapshot', snapshot)],
    ['grant a key itself', call('kms:CreateGrant', key)],
    [
      'stop an instance of another account',
      call('ec2:StopInstances', `arn:aws:ec2:${region}:444455556666:instance/i-1`),
    ],
    [
      'change the defaults of another Region',
      call('ec2:EnableEbsEncryptionByDefault', '*', { 'aws:RequestedRegion': 'us-west-2' }),
    ],
    ['enable a key', call('kms:EnableKey', key)],
    ['update a cluster', call('eks:UpdateClusterConfig', own('eks', 'cluster/one'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(role, refused)).toBe(false);
  });

  describe('where operators may not request an undo', async () => {
    const { resources: made } = await madeWith(
      'operators: { customActions: [quarantine, fix:unshare-snapshot, fix:enable-default-encryption] }',
    );
    const withoutUndo = one(made, 'Ec2WriteRole');

    it.each([['switch encryption by default off', call('ec2:DisableEbsEncryptionByDefault', '*')]])(
      'may not %s',
      async (_what, refused) => {
        expect(await mayCall(withoutUndo, refused)).toBe(false);
      },
    );
  });
});
