import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type Instance,
  type InstanceStateName,
  type Volume,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand, DescribeNodegroupCommand } from '@aws-sdk/client-eks';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { FactName, Resource } from '../../lib/core/control.ts';
import {
  account,
  cluster,
  ec2Error,
  instance,
  key,
  keyArn,
  mockAws,
  nodegroup,
  numbered,
  region,
  snapshot,
  template,
  volume,
} from './gathering.ts';

type Aws = ReturnType<typeof mockAws>;

/** The resources that one request gives, without their facts. */
async function resourcesOf(aws: Aws, resource: Resource, facts: readonly FactName[]) {
  const [current = []] = await aws.readCurrent([{ resource, facts }]);
  return current.map((each) => each.resource);
}

const arn = (rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;

function withInstance(aws: Aws, more: Partial<Instance>): void {
  aws.ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [
      { Instances: [{ InstanceId: 'i-1', InstanceType: 'm5.large', State: { Name: 'running' }, ...more }] },
    ],
  });
}

/** A mapping as DescribeInstances tells it. */
function mapping(DeviceName: string, VolumeId: string, DeleteOnTermination = true) {
  return { DeviceName, Ebs: { VolumeId, DeleteOnTermination, Status: 'attached' as const } };
}

function withVolumes(aws: Aws, volumes: readonly Volume[]): void {
  aws.ec2.on(DescribeVolumesCommand).callsFake(({ VolumeIds, Filters }) => {
    const asked: readonly string[] = VolumeIds ?? Filters[0].Values;
    return { Volumes: volumes.filter(({ VolumeId }) => VolumeId !== undefined && asked.includes(VolumeId)) };
  });
}

const volumeFacts = ['ec2.volumeEncryption', 'ec2.volumeKey'] as const;

describe('the tags of a resource', () => {
  const tags = [
    { Key: 'owner', Value: 'payments' },
    { Key: 'empty', Value: '' },
  ];
  const told = { owner: 'payments', empty: '' };

  it.each([
    ['some', tags, told],
    ['none', [], {}],
    ['none told', undefined, {}],
  ])('of an instance: %s', async (_which, Tags, expected) => {
    const aws = mockAws();
    withInstance(aws, Tags === undefined ? {} : { Tags });
    expect(await resourcesOf(aws, instance('i-1'), ['ec2.instance'])).toEqual([
      { ...instance('i-1'), tags: expected },
    ]);
  });

  it('of a volume', async () => {
    const aws = mockAws();
    withVolumes(aws, [{ VolumeId: 'vol-1', Encrypted: false, Tags: tags }]);
    expect(await resourcesOf(aws, volume('vol-1'), volumeFacts)).toEqual([
      { ...volume('vol-1'), tags: told },
    ]);
  });

  it('of a snapshot', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeSnapshotsCommand)
      .resolves({ Snapshots: [{ SnapshotId: 'snap-1', Encrypted: true, Tags: tags }] })
      .on(DescribeSnapshotAttributeCommand)
      .resolves({ CreateVolumePermissions: [] });
    const facts = ['ec2.snapshotSharing', 'ec2.snapshotEncryption'] as const;
    expect(await resourcesOf(aws, snapshot('snap-1'), facts)).toEqual([
      { ...snapshot('snap-1'), tags: told },
    ]);
  });

  it('of a cluster, which is given its own ARN as well', async () => {
    const aws = mockAws();
    const arnOfCluster = `arn:aws:eks:${region}:${account}:cluster/app`;
    aws.eks
      .on(DescribeClusterCommand)
      .resolves({ cluster: { status: 'ACTIVE', version: '1.31', arn: arnOfCluster, tags: told } });
    expect(await resourcesOf(aws, cluster('app'), ['eks.version'])).toEqual([
      { ...cluster('app'), arn: arnOfCluster, tags: told },
    ]);
  });

  it('of a node group, which is given its true ARN and keeps its id and its cluster', async () => {
    const aws = mockAws();
    const nodegroupArn = `arn:aws:eks:${region}:${account}:nodegroup/app/blue/0ab1-uuid`;
    aws.eks
      .on(DescribeNodegroupCommand)
      .resolves({ nodegroup: { status: 'ACTIVE', instanceTypes: ['m6i.large'], nodegroupArn } });
    const group = { ...nodegroup('app/blue'), partOf: cluster('app').arn };
    expect(await resourcesOf(aws, group, ['eks.nodegroup'])).toEqual([
      { ...group, arn: nodegroupArn, tags: {} },
    ]);
  });

  it.each<[string, Resource, FactName]>([
    ['a key', { ...key, tags: told }, 'kms.keyState'],
    ['a launch template', { ...template('lt-1'), tags: told }, 'ec2.launchTemplateVersion'],
    ['a launch template by its type', { ...template('lt-1'), tags: told }, 'ec2.instanceType'],
  ])(
    'are unknown where no call of the facts tells them, as those that an event told may have changed: %s',
    async (_what, resource, fact) => {
      const aws = mockAws();
      aws.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: key.id, KeyState: 'Enabled' } });
      aws.ec2
        .on(DescribeLaunchTemplateVersionsCommand)
        .resolves({ LaunchTemplateVersions: [{ VersionNumber: 1 }] });
      const [current] = await resourcesOf(aws, resource, [fact]);
      expect(current).not.toHaveProperty('tags');
    },
  );
});

describe('a resource that can not be seen', () => {
  it('is the one that was asked for', async () => {
    const aws = mockAws();
    const asked = { ...volume('vol-1'), partOf: instance('i-1').arn, tags: { a: 'b' } };
    aws.ec2
      .on(DescribeVolumesCommand)
      .rejectsOnce(ec2Error('InvalidVolume.NotFound', 'no such volume'))
      .resolves({ Volumes: [] });
    expect(
      await aws.readCurrent([{ resource: asked, facts: volumeFacts, mayBeDeleted: true }]),
    ).toMatchObject([[{ resource: asked, facts: { 'ec2.volumeEncryption': { reason: 'deleted' } } }]]);
  });

  it('is not asked for where its place is not told', async () => {
    const aws = mockAws();
    const nowhere = { ...volume('i-1:/dev/sdb'), region: 'unknown' };
    expect(await aws.readCurrent([{ resource: nowhere, facts: volumeFacts }])).toMatchObject([
      [{ resource: nowhere, facts: { 'ec2.volumeKey': { reason: 'unreadable' } } }],
    ]);
    expect(aws.calls()).toEqual([]);
  });
});

describe('a volume', () => {
  const attachment = { InstanceId: 'i-1', DeleteOnTermination: true, State: 'attached' as const };

  it.each<[string, string | undefined, Volume['Attachments']]>([
    ['deleted with its instance', arn('instance/i-1'), [attachment]],
    ['kept when its instance ends', undefined, [{ ...attachment, DeleteOnTermination: false }]],
    ['attached to none', undefined, []],
    ['detached', undefined, [{ ...attachment, State: 'detached' }]],
    ['shared by two instances', undefined, [attachment, { ...attachment, InstanceId: 'i-2' }]],
  ])('that is %s is part of: %s', async (_how, partOf, Attachments) => {
    const aws = mockAws();
    withVolumes(aws, [{ VolumeId: 'vol-1', Encrypted: false, ...(Attachments && { Attachments }) }]);
    const asked = { ...volume('vol-1'), partOf: 'what an event told' };
    const [current] = await resourcesOf(aws, asked, volumeFacts);
    expect(current?.partOf).toBe(partOf);
  });
});

describe('an instance and device that stand for a volume', () => {
  const standIn = { ...volume('i-1:/dev/sda1'), arn: arn('instance/i-1'), tags: { asked: 'for' } };

  it('become all volumes of the instance, each by its own id', async () => {
    const aws = mockAws();
    withInstance(aws, {
      BlockDeviceMappings: [mapping('/dev/sda1', 'vol-1'), mapping('/dev/sdf', 'vol-2', false)],
    });
    withVolumes(aws, [
      {
        VolumeId: 'vol-1',
        Encrypted: false,
        Tags: [{ Key: 'disk', Value: 'root' }],
        Attachments: [{ InstanceId: 'i-1', DeleteOnTermination: true }],
      },
      {
        VolumeId: 'vol-2',
        Encrypted: true,
        KmsKeyId: `arn:aws:kms:${region}:${account}:alias/aws/ebs`,
        Attachments: [{ InstanceId: 'i-1', DeleteOnTermination: false }],
      },
    ]);
    const accountRegion = { type: 'AwsEc2Volume', account, region };
    expect(await aws.readCurrent([{ resource: standIn, facts: volumeFacts }])).toMatchObject([
      [
        {
          resource: {
            ...accountRegion,
            id: 'vol-1',
            arn: arn('volume/vol-1'),
            tags: { disk: 'root' },
            partOf: arn('instance/i-1'),
          },
          facts: {
            'ec2.volumeEncryption': { value: { encrypted: false, shownBy: 'aws' } },
            'ec2.volumeKey': { reason: 'absent' },
          },
        },
        {
          resource: { ...accountRegion, id: 'vol-2', arn: arn('volume/vol-2'), tags: {} },
          facts: { 'ec2.volumeEncryption': { value: { encrypted: true, shownBy: 'aws' } } },
        },
      ],
    ]);
  });

  it('give the same volumes as any other device of the instance, for no call more', async () => {
    const aws = mockAws();
    withInstance(aws, {
      BlockDeviceMappings: [mapping('/dev/sda1', 'vol-1'), mapping('/dev/sdb', 'vol-2')],
    });
    withVolumes(aws, [
      { VolumeId: 'vol-1', Encrypted: false },
      { VolumeId: 'vol-2', Encrypted: false },
    ]);
    const current = await aws.readCurrent(
      ['/dev/sda1', '/dev/sdb'].map((device) => ({ resource: volume(`i-1:${device}`), facts: volumeFacts })),
    );
    expect(current.map((each) => each.map(({ resource }) => resource.id))).toEqual([
      ['vol-1', 'vol-2'],
      ['vol-1', 'vol-2'],
    ]);
    expect(aws.calls()).toEqual(['ec2:DescribeInstances', 'ec2:DescribeVolumes']);
  });

  it('stay beside the volumes that are there, to be current at again, while the instance starts', async () => {
    const aws = mockAws();
    withInstance(aws, {
      State: { Name: 'pending' },
      BlockDeviceMappings: [mapping('/dev/sdb', 'vol-2')],
    });
    withVolumes(aws, [{ VolumeId: 'vol-2', Encrypted: false }]);
    const [current = []] = await aws.readCurrent([{ resource: standIn, facts: volumeFacts }]);
    expect(current).toMatchObject([
      { resource: { id: 'vol-2' } },
      {
        resource: standIn,
        facts: {
          'ec2.volumeEncryption': {
            reason: 'not-ready',
            detail: 'the instance i-1 is pending, and has no volume on /dev/sda1 yet',
          },
        },
      },
    ]);
  });

  it('give nothing of a device whose volume was detached, beside those that are attached', async () => {
    const aws = mockAws();
    withInstance(aws, { BlockDeviceMappings: [mapping('/dev/sdb', 'vol-2')] });
    withVolumes(aws, [{ VolumeId: 'vol-2', Encrypted: false }]);
    const current = await resourcesOf(aws, standIn, volumeFacts);
    expect(current.map(({ id }) => id)).toEqual(['vol-2']);
  });

  it.each<InstanceStateName>(['running', 'stopped'])(
    'were deleted where an instance that is %s has no volume',
    async (Name) => {
      const aws = mockAws();
      withInstance(aws, { State: { Name }, BlockDeviceMappings: [] });
      expect(await aws.readCurrent([{ resource: standIn, facts: volumeFacts }])).toMatchObject([
        [
          {
            resource: standIn,
            facts: {
              'ec2.volumeEncryption': {
                reason: 'deleted',
                detail: 'the instance i-1 has no volume on /dev/sda1',
              },
            },
          },
        ],
      ]);
    },
  );

  it('were deleted with the instance', async () => {
    const aws = mockAws();
    withInstance(aws, { State: { Name: 'terminated' } });
    expect(await aws.readCurrent([{ resource: standIn, facts: volumeFacts }])).toMatchObject([
      [
        {
          resource: standIn,
          facts: { 'ec2.volumeKey': { reason: 'deleted', detail: 'the instance i-1 is terminated' } },
        },
      ],
    ]);
  });

  it('stay what they are where EC2 denies to tell of the instance', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).rejects(ec2Error('UnauthorizedOperation', 'no'));
    expect(await aws.readCurrent([{ resource: standIn, facts: volumeFacts }])).toMatchObject([
      [{ resource: standIn, facts: { 'ec2.volumeEncryption': { reason: 'denied' } } }],
    ]);
  });

  it('give the ids even where EC2 denies to tell of the volumes', async () => {
    const aws = mockAws();
    withInstance(aws, { BlockDeviceMappings: [mapping('/dev/sda1', 'vol-1')] });
    aws.ec2.on(DescribeVolumesCommand).rejects(ec2Error('UnauthorizedOperation', 'no'));
    const [[current] = []] = await aws.readCurrent([{ resource: standIn, facts: volumeFacts }]);
    expect(current?.resource).toEqual({
      type: 'AwsEc2Volume',
      id: 'vol-1',
      arn: arn('volume/vol-1'),
      account,
      region,
      partOf: arn('instance/i-1'),
    });
    expect(current?.facts['ec2.volumeEncryption']).toMatchObject({ reason: 'denied' });
  });
});

it('costs a handful of calls for 10 launches of 100 instances with 2 volumes each', async () => {
  const aws = mockAws();
  const ids = Array.from({ length: 1_000 }, (_, n) => numbered('i', n));
  const volumeId = (id: string, disk: number) => `vol-${disk}${id.slice(3)}`;
  aws.ec2.on(DescribeInstancesCommand).callsFake(({ InstanceIds }) => ({
    Reservations: [
      {
        Instances: InstanceIds.map((InstanceId: string) => ({
          InstanceId,
          InstanceType: 'm6i.large',
          BlockDeviceMappings: [
            mapping('/dev/sda1', volumeId(InstanceId, 0)),
            mapping('/dev/sdb', volumeId(InstanceId, 1)),
          ],
        })),
      },
    ],
  }));
  aws.ec2.on(DescribeInstanceTypesCommand).resolves({
    InstanceTypes: [{ InstanceType: 'm6i.large', NetworkInfo: { EncryptionInTransitSupported: true } }],
  });
  aws.ec2.on(DescribeVolumesCommand).callsFake(({ VolumeIds }) => ({
    Volumes: VolumeIds.map((VolumeId: string) => ({ VolumeId, Encrypted: true, KmsKeyId: keyArn })),
  }));
  aws.kms
    .on(DescribeKeyCommand)
    .resolves({ KeyMetadata: { KeyId: key.id, Arn: keyArn, KeyManager: 'CUSTOMER' } });
  const current = await aws.readCurrent(
    ids.flatMap((id) => [
      { resource: instance(id), facts: ['ec2.instance', 'ec2.instanceType'] as const },
      { resource: volume(`${id}:/dev/sda1`), facts: volumeFacts },
      { resource: volume(`${id}:/dev/sdb`), facts: volumeFacts },
    ]),
  );
  const resources = new Set(current.flat().map(({ resource }) => resource.id));
  expect(resources.size).toBe(3_000);
  const calls = Map.groupBy(aws.calls(), (call) => call);
  expect(Object.fromEntries([...calls].map(([call, made]) => [call, made.length]))).toEqual({
    'ec2:DescribeInstances': 5,
    'ec2:DescribeInstanceTypes': 1,
    'ec2:DescribeVolumes': 10,
    'kms:DescribeKey': 1,
  });
});
