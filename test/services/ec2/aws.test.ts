import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  type InstanceStateName,
  type ResponseLaunchTemplateData,
  type VolumeState,
} from '@aws-sdk/client-ec2';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { Cache } from '../../../lib/aws/facts/lookups.ts';
import {
  account,
  ec2Error,
  instance,
  keyArn,
  kmsError,
  mockAws,
  region,
  resource,
  snapshot,
  template,
  volume,
} from '../../pipeline/gathering.ts';

describe('an instance', () => {
  it.each<[InstanceStateName, boolean]>([
    ['pending', true],
    ['running', true],
    ['stopped', true],
    ['shutting-down', false],
    ['terminated', false],
  ])('that is %s is there: %s', async (state, there) => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [
        { Instances: [{ InstanceId: 'i-1', InstanceType: 'm5.large', State: { Name: state } }] },
      ],
    });
    const fact = await aws.read(instance('i-1'), 'ec2.instance');
    expect(fact).toMatchObject(there ? { known: true } : { known: false, reason: 'deleted' });
    expect(aws.waits).toEqual([]);
  });
});

describe('a volume', () => {
  it.each<[VolumeState, boolean]>([
    ['creating', true],
    ['in-use', true],
    ['deleting', false],
  ])('that is %s is there: %s', async (state, there) => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, State: state }] });
    const fact = await aws.read(volume('vol-1'), 'ec2.volumeEncryption');
    expect(fact).toMatchObject(there ? { known: true } : { known: false, reason: 'deleted' });
  });

  it('that a launch made is found by instance and device, not by either alone', async () => {
    const aws = mockAws();
    const launched = (InstanceId: string, devices: Readonly<Record<string, string>>) => ({
      InstanceId,
      BlockDeviceMappings: Object.entries(devices).map(([DeviceName, VolumeId]) => ({
        DeviceName,
        Ebs: { VolumeId },
      })),
    });
    aws.ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [
        {
          Instances: [
            launched('i-a', { '/dev/sda1': 'vol-1', '/dev/sdb': 'vol-2' }),
            launched('i-b', { '/dev/sda1': 'vol-3', '/dev/sdb': 'vol-4' }),
          ],
        },
      ],
    });
    aws.ec2.on(DescribeVolumesCommand, { VolumeIds: ['vol-1', 'vol-4'] }).resolves({
      Volumes: [
        { VolumeId: 'vol-1', Encrypted: true },
        { VolumeId: 'vol-4', Encrypted: false },
      ],
    });
    const facts = await aws.gather(
      ['i-a:/dev/sda1', 'i-b:/dev/sdb'].map((id) => ({
        resource: volume(id),
        facts: ['ec2.volumeEncryption'],
      })),
    );
    expect(facts.map((each) => each['ec2.volumeEncryption'])).toMatchObject([
      { value: { encrypted: true, shownBy: 'aws' } },
      { value: { encrypted: false, shownBy: 'aws' } },
    ]);
    expect(aws.calls()).toEqual(['ec2:DescribeInstances', 'ec2:DescribeVolumes']);
  });

  it('that is not encrypted has no key', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: false }] });
    expect(await aws.read(volume('vol-1'), 'ec2.volumeKey')).toMatchObject({ reason: 'absent' });
    expect(aws.calls()).toEqual(['ec2:DescribeVolumes']);
  });

  it('has a key whose manager is asked for once in the life of a cache', async () => {
    const cache = new Cache();
    const made = [mockAws(cache), mockAws(cache)];
    for (const aws of made) {
      aws.ec2
        .on(DescribeVolumesCommand)
        .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] });
      aws.kms
        .on(DescribeKeyCommand)
        .resolves({ KeyMetadata: { KeyId: 'x', Arn: keyArn, KeyManager: 'CUSTOMER' } });
      expect(await aws.read(volume('vol-1'), 'ec2.volumeKey')).toMatchObject({
        value: { arn: keyArn, manager: 'CUSTOMER' },
      });
    }
    expect(made.map((aws) => aws.calls())).toEqual([
      ['ec2:DescribeVolumes', 'kms:DescribeKey'],
      ['ec2:DescribeVolumes'],
    ]);
  });

  it('has a key that is known, but not whose, where KMS denies to tell, and says so', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] });
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('AccessDeniedException', 'no'));
    expect(await aws.read(volume('vol-1'), 'ec2.volumeKey')).toMatchObject({
      known: true,
      value: {
        arn: keyArn,
        managerUnknown: { reason: 'denied', detail: 'kms:DescribeKey was denied (no)' },
      },
    });
  });

  it('whose key was deleted is not waited for', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] });
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('NotFoundException', 'no such key'));
    expect(await aws.read(volume('vol-1'), 'ec2.volumeKey')).toMatchObject({ value: { arn: keyArn } });
    expect(aws.waits).toEqual([]);
  });
});

describe('the EBS defaults', () => {
  const settings = resource('AwsAccount', account);

  it('are one call for all that ask', async () => {
    const aws = mockAws();
    aws.ec2.on(GetEbsEncryptionByDefaultCommand).resolves({ EbsEncryptionByDefault: true });
    const facts = await aws.gather(
      [settings, template('lt-1'), template('lt-2')].map((each) => ({
        resource: each,
        facts: ['ec2.ebsDefaultEncryption'],
      })),
    );
    expect(facts.map((each) => each['ec2.ebsDefaultEncryption']?.known)).toEqual([true, true, true]);
    expect(aws.calls()).toEqual(['ec2:GetEbsEncryptionByDefault']);
  });

  it("name AWS's own key by its alias, which DescribeKey is not asked about, as that could make the key", async () => {
    const aws = mockAws();
    aws.ec2.on(GetEbsDefaultKmsKeyIdCommand).resolves({ KmsKeyId: 'alias/aws/ebs' });
    expect(await aws.read(settings, 'ec2.ebsDefaultKey')).toMatchObject({
      value: { arn: `arn:aws:kms:${region}:${account}:alias/aws/ebs`, manager: 'AWS' },
    });
    expect(aws.calls()).toEqual(['ec2:GetEbsDefaultKmsKeyId']);
  });

  it.each([
    ['alias/app', `arn:aws:kms:${region}:${account}:alias/app`],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', keyArn],
    [keyArn, keyArn],
  ])('name a customer key by %s', async (name, asked) => {
    const aws = mockAws();
    aws.ec2.on(GetEbsDefaultKmsKeyIdCommand).resolves({ KmsKeyId: name });
    aws.kms
      .on(DescribeKeyCommand, { KeyId: asked })
      .resolves({ KeyMetadata: { KeyId: 'x', Arn: keyArn, KeyManager: 'CUSTOMER' } });
    expect(await aws.read(settings, 'ec2.ebsDefaultKey')).toMatchObject({
      value: { arn: keyArn, manager: 'CUSTOMER' },
    });
  });
});

describe('a snapshot', () => {
  it.each([
    [[], [], 'complete'],
    [[{ Group: 'all' as const }, { UserId: '444455556666' }], ['all', '444455556666'], 'complete'],
    [[{ UserId: '444455556666' }, {}], ['444455556666'], 'partly-unreadable'],
  ])('is shared: %j', async (permissions, sharedWith, coverage) => {
    const aws = mockAws();
    aws.ec2.on(DescribeSnapshotAttributeCommand).resolves({ CreateVolumePermissions: permissions });
    expect(await aws.read(snapshot('snap-1'), 'ec2.snapshotSharing')).toMatchObject({
      value: { sharedWith, coverage },
    });
  });

  it('that does not exist does not send EC2 through all public ones', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeSnapshotsCommand, { SnapshotIds: ['snap-1'] })
      .rejects(ec2Error('InvalidSnapshot.NotFound', "The snapshot 'snap-1' does not exist."));
    aws.ec2.on(DescribeSnapshotsCommand, { OwnerIds: ['self'] }).resolves({ Snapshots: [] });
    expect(await aws.read(snapshot('snap-1'), 'ec2.snapshotEncryption')).toMatchObject({
      reason: 'deleted',
    });
  });
});

describe('a launch template', () => {
  function prescribing(data: ResponseLaunchTemplateData) {
    const aws = mockAws();
    aws.ec2
      .on(DescribeLaunchTemplateVersionsCommand, { LaunchTemplateId: 'lt-1', Versions: ['$Latest'] })
      .resolves({ LaunchTemplateVersions: [{ VersionNumber: 7, LaunchTemplateData: data }] });
    return aws;
  }

  it('is one call for all its facts', async () => {
    const aws = prescribing({ InstanceType: 'm5.large' });
    aws.ec2.on(DescribeInstanceTypesCommand).resolves({
      InstanceTypes: [{ InstanceType: 'm5.large', NetworkInfo: { EncryptionInTransitSupported: false } }],
    });
    const [facts] = await aws.gather([
      {
        resource: template('lt-1'),
        facts: [
          'ec2.launchTemplateVersion',
          'ec2.launchTemplateType',
          'ec2.launchTemplateVolumes',
          'ec2.instanceType',
        ],
      },
    ]);
    expect(facts).toMatchObject({
      'ec2.launchTemplateVersion': { value: '7' },
      'ec2.launchTemplateType': { value: { instanceType: 'm5.large', byRequirements: false } },
      'ec2.launchTemplateVolumes': { value: [] },
      'ec2.instanceType': { value: { encryptionInTransitSupported: false } },
    });
    expect(aws.calls()).toEqual(['ec2:DescribeLaunchTemplateVersions', 'ec2:DescribeInstanceTypes']);
  });

  it.each<[ResponseLaunchTemplateData, boolean]>([
    [{ InstanceRequirements: { VCpuCount: { Min: 2 } } }, true],
    [{}, false],
  ])('without an instance type: %j', async (data, byRequirements) => {
    const aws = prescribing(data);
    expect(await aws.read(template('lt-1'), 'ec2.launchTemplateType')).toMatchObject({
      value: { byRequirements },
    });
    expect(await aws.read(template('lt-1'), 'ec2.instanceType')).toMatchObject({ reason: 'absent' });
  });

  it('prescribes the volumes that are EBS', async () => {
    const aws = prescribing({
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { Encrypted: false } },
        { DeviceName: '/dev/sdb', Ebs: { Encrypted: true, KmsKeyId: 'alias/app' } },
        { DeviceName: '/dev/sdc', Ebs: { VolumeSize: 8, SnapshotId: 'snap-1' } },
        { DeviceName: '/dev/sdd', NoDevice: '' },
        { DeviceName: '/dev/sde', VirtualName: 'ephemeral0' },
      ],
    });
    expect(await aws.read(template('lt-1'), 'ec2.launchTemplateVolumes')).toMatchObject({
      value: [
        { device: '/dev/sda1', encrypted: false },
        { device: '/dev/sdb', encrypted: true, kmsKeyId: 'alias/app' },
        { device: '/dev/sdc', snapshotId: 'snap-1' },
      ],
    });
  });

  it('that does not exist is waited for', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeLaunchTemplateVersionsCommand)
      .rejectsOnce(ec2Error('InvalidLaunchTemplateId.NotFound', 'does not exist'))
      .resolves({ LaunchTemplateVersions: [{ VersionNumber: 1, LaunchTemplateData: {} }] });
    expect(await aws.read(template('lt-1'), 'ec2.launchTemplateVersion')).toMatchObject({ value: '1' });
    expect(aws.waits).toEqual([500]);
  });
});
