/** What a scheduled scan or a scan lists is the same resource that a trigger names: the findings are the same. */
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';
import { ListClustersCommand, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { ListGrantsCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { Resource, ResourceType } from '../../lib/core/control.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import { record } from '../cli/command.ts';
import { account, mockAws, region } from './listing.ts';

const matcher = new Matcher(controls);
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
const keyArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;

/** The resource of this type that a trigger finds in an event of eu-central-1, without tags. */
function triggered(type: ResourceType, source: string, name: string, request: unknown, response: unknown) {
  const parsed = parseRecord(
    record(source, name, '08:00:00', { requestParameters: request, responseElements: response }),
  );
  if (!parsed.ok) throw new Error(parsed.reason);
  const found = matcher.match(parsed.event).triggered.find(({ resource }) => resource.type === type);
  if (found === undefined) throw new Error(`${name} triggers nothing on ${type}`);
  return untagged(found.resource);
}

function untagged({ tags: _tags, ...resource }: Resource): Omit<Resource, 'tags'> {
  return resource;
}

async function listed(type: ResourceType, aws = mockAws()) {
  const { resources } = await aws.list(type);
  return resources.map(untagged);
}

describe('a listed resource is the one that its triggers name:', () => {
  it('the account in its Region', async () => {
    expect(await listed('AwsAccount')).toEqual([
      triggered('AwsAccount', 'ec2.amazonaws.com', 'DisableEbsEncryptionByDefault', {}, {}),
    ]);
  });

  it('an instance', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeInstancesCommand)
      .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-0a' }] }] });
    expect(await listed('AwsEc2Instance', aws)).toEqual([
      triggered('AwsEc2Instance', 'ec2.amazonaws.com', 'StartInstances', null, {
        instancesSet: { items: [{ instanceId: 'i-0a' }] },
      }),
    ]);
  });

  it('a volume', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [{ VolumeId: 'vol-0a', State: 'available' }] });
    expect(await listed('AwsEc2Volume', aws)).toEqual([
      triggered('AwsEc2Volume', 'ec2.amazonaws.com', 'CreateVolume', null, { volumeId: 'vol-0a' }),
    ]);
  });

  it('a snapshot', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeSnapshotsCommand).resolves({ Snapshots: [{ SnapshotId: 'snap-0a' }] });
    expect(await listed('AwsEc2Snapshot', aws)).toEqual([
      triggered(
        'AwsEc2Snapshot',
        'ec2.amazonaws.com',
        'ModifySnapshotAttribute',
        { snapshotId: 'snap-0a', attributeType: 'CREATE_VOLUME_PERMISSION' },
        { _return: true },
      ),
    ]);
  });

  it('a launch template', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeLaunchTemplatesCommand).resolves({ LaunchTemplates: [{ LaunchTemplateId: 'lt-0a' }] });
    expect(await listed('AwsEc2LaunchTemplate', aws)).toEqual([
      triggered('AwsEc2LaunchTemplate', 'ec2.amazonaws.com', 'CreateLaunchTemplate', null, {
        CreateLaunchTemplateResponse: { launchTemplate: { launchTemplateId: 'lt-0a' } },
      }),
    ]);
  });

  it('a cluster', async () => {
    const aws = mockAws();
    aws.eks.on(ListClustersCommand).resolves({ clusters: ['payments'] });
    expect(await listed('AwsEksCluster', aws)).toEqual([
      triggered('AwsEksCluster', 'eks.amazonaws.com', 'AssociateEncryptionConfig', { name: 'payments' }, {}),
    ]);
  });

  it('a node group, as most of its events name it', async () => {
    const aws = mockAws();
    aws.eks.on(ListClustersCommand).resolves({ clusters: ['payments'] });
    aws.eks.on(ListNodegroupsCommand).resolves({ nodegroups: ['blue'] });
    expect(await listed('AwsEksNodegroup', aws)).toEqual([
      triggered(
        'AwsEksNodegroup',
        'eks.amazonaws.com',
        'UpdateNodegroupVersion',
        { name: 'payments', nodegroupName: 'blue' },
        {},
      ),
    ]);
  });

  it('a key', async () => {
    const aws = mockAws();
    aws.kms.on(ListKeysCommand).resolves({ Keys: [{ KeyId: keyId, KeyArn: keyArn }] });
    expect(await listed('AwsKmsKey', aws)).toEqual([
      triggered('AwsKmsKey', 'kms.amazonaws.com', 'DisableKey', { keyId: keyArn }, null),
    ]);
  });

  it('a grant', async () => {
    const aws = mockAws();
    aws.kms.on(ListKeysCommand).resolves({ Keys: [{ KeyId: keyId, KeyArn: keyArn }] });
    aws.kms.on(ListGrantsCommand).resolves({ Grants: [{ GrantId: 'abc123' }] });
    expect(await listed('AwsKmsGrant', aws)).toEqual([
      triggered(
        'AwsKmsGrant',
        'kms.amazonaws.com',
        'CreateGrant',
        { keyId: keyArn },
        { grantId: 'abc123', keyId: keyArn },
      ),
    ]);
  });
});
