import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand, DescribeNodegroupCommand } from '@aws-sdk/client-eks';
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/core/control.ts';
import type { FactName } from '../../lib/core/facts.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { permissionsFor, readers } from '../../lib/services/readers.ts';
import {
  account,
  cluster,
  instance,
  key,
  keyArn,
  keyId,
  mockAws,
  nodegroup,
  resource,
  snapshot,
  template,
  volume,
} from '../pipeline/gathering.ts';

const isFact = (name: string): name is FactName => Object.hasOwn(readers, name);
const facts = Object.keys(readers).filter(isFact);

const resources: readonly Resource[] = [
  instance('i-1'),
  volume('vol-1'),
  volume('i-1:/dev/sdb'),
  snapshot('snap-1'),
  template('lt-1'),
  resource('AwsAccount', account),
  cluster('app'),
  nodegroup('app/blue'),
  key,
  resource('AwsKmsGrant', `${keyId}/abc`, { arn: keyArn }),
];

/** An AWS whose every answer leads to whatever more there is to ask. */
function richAws() {
  const aws = mockAws();
  aws.ec2
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
    .resolves({
      Volumes: [
        {
          VolumeId: 'vol-1',
          Encrypted: true,
          KmsKeyId: keyArn,
        },
      ],
    })
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
  aws.eks
    .on(DescribeClusterCommand)
    .resolves({ cluster: { status: 'ACTIVE', version: '1.31' } })
    .on(DescribeNodegroupCommand)
    .resolves({ nodegroup: { status: 'ACTIVE', launchTemplate: { id: 'lt-1', version: '1' } } });
  aws.kms
    .on(DescribeKeyCommand)
    .resolves({ KeyMetadata: { KeyId: keyId, Arn: keyArn, KeyState: 'Enabled', Origin: 'EXTERNAL' } })
    .on(GetKeyRotationStatusCommand)
    .resolves({ KeyRotationEnabled: false })
    .on(GetKeyPolicyCommand)
    .resolves({ Policy: '{"Statement":[]}' })
    .on(ListGrantsCommand)
    .resolves({ Grants: [{ GrantId: 'abc' }] })
    .on(ListKeyRotationsCommand)
    .resolves({ Rotations: [] });
  return aws;
}

describe('the permissions of a fact', () => {
  it.each(facts)('%s: are the calls that reading it makes, no fewer and no more', async (name) => {
    const aws = richAws();
    await aws.gather(resources.map((each) => ({ resource: each, facts: [name], mayBeDeleted: true })));
    expect([...new Set(aws.calls())].sort()).toEqual(permissionsFor([name]));
  });

  it.each(facts)('%s: are the calls that looking at it makes, too', async (name) => {
    const aws = richAws();
    await aws.look(resources.map((each) => ({ resource: each, facts: [name], mayBeDeleted: true })));
    expect([...new Set(aws.calls())].sort()).toEqual(permissionsFor([name]));
  });

  it('cover every call of each control', async () => {
    for (const control of controls) {
      const aws = richAws();
      await aws.look(
        resources
          .filter(({ type }) => type === control.resourceType)
          .map((each) => ({ resource: each, facts: control.facts })),
      );
      expect(permissionsFor(control.facts)).toEqual(expect.arrayContaining([...aws.calls()]));
    }
  });

  it('only read', () => {
    for (const action of permissionsFor(facts)) expect(action).toMatch(/^(ec2|eks|kms):(Describe|Get|List)/);
  });
});
