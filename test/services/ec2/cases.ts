/** EC2 and EBS, for the tests that hold for all services. */
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { account, instance, keyArn, resource, snapshot, template, volume } from '../../pipeline/gathering.ts';
import type { ServiceCases } from '../cases.ts';

const source = 'ec2.amazonaws.com';

export const cases: ServiceCases = {
  resources: [
    instance('i-1'),
    volume('vol-1'),
    volume('i-1:/dev/sdb'),
    snapshot('snap-1'),
    template('lt-1'),
    resource('AwsAccount', account),
  ],
  answer({ ec2 }) {
    ec2
      .on(DescribeInstancesCommand)
      .resolves({
        Reservations: [
          {
            Instances: [
              {
                InstanceId: 'i-1',
                InstanceType: 'm5.large',
                BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeId: 'vol-1' } }],
              },
            ],
          },
        ],
      })
      .on(DescribeInstanceTypesCommand)
      .resolves({
        InstanceTypes: [{ InstanceType: 'm5.large', NetworkInfo: { EncryptionInTransitSupported: false } }],
      })
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] })
      .on(DescribeSnapshotsCommand)
      .resolves({ Snapshots: [{ SnapshotId: 'snap-1', Encrypted: false }] })
      .on(DescribeSnapshotAttributeCommand)
      .resolves({ CreateVolumePermissions: [] })
      .on(DescribeLaunchTemplateVersionsCommand)
      .resolves({
        LaunchTemplateVersions: [{ VersionNumber: 1, LaunchTemplateData: { InstanceType: 'm5.large' } }],
      })
      .on(GetEbsEncryptionByDefaultCommand)
      .resolves({ EbsEncryptionByDefault: true })
      .on(GetEbsDefaultKmsKeyIdCommand)
      .resolves({ KmsKeyId: keyArn });
  },
  listed: [
    {
      type: 'AwsAccount',
      answer: () => undefined,
      event: { source, name: 'DisableEbsEncryptionByDefault', request: {}, response: {} },
    },
    {
      type: 'AwsEc2Instance',
      answer: ({ ec2 }) =>
        void ec2
          .on(DescribeInstancesCommand)
          .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-0a' }] }] }),
      event: {
        source,
        name: 'StartInstances',
        request: null,
        response: { instancesSet: { items: [{ instanceId: 'i-0a' }] } },
      },
    },
    {
      type: 'AwsEc2Volume',
      answer: ({ ec2 }) =>
        void ec2
          .on(DescribeVolumesCommand)
          .resolves({ Volumes: [{ VolumeId: 'vol-0a', State: 'available' }] }),
      event: { source, name: 'CreateVolume', request: null, response: { volumeId: 'vol-0a' } },
    },
    {
      type: 'AwsEc2Snapshot',
      answer: ({ ec2 }) =>
        void ec2.on(DescribeSnapshotsCommand).resolves({ Snapshots: [{ SnapshotId: 'snap-0a' }] }),
      event: {
        source,
        name: 'ModifySnapshotAttribute',
        request: { snapshotId: 'snap-0a', attributeType: 'CREATE_VOLUME_PERMISSION' },
        response: { _return: true },
      },
    },
    {
      type: 'AwsEc2LaunchTemplate',
      answer: ({ ec2 }) =>
        void ec2
          .on(DescribeLaunchTemplatesCommand)
          .resolves({ LaunchTemplates: [{ LaunchTemplateId: 'lt-0a' }] }),
      event: {
        source,
        name: 'CreateLaunchTemplate',
        request: null,
        response: { CreateLaunchTemplateResponse: { launchTemplate: { launchTemplateId: 'lt-0a' } } },
      },
    },
  ],
};
