/**
 * From a change in AWS to a finding in Security Hub and back, through the deployed stack. The resources exist in moto; the
 * events are samples with the ids of these resources, because no emulator has CloudTrail deliver to EventBridge.
 *
 * moto can neither encrypt the secrets of an existing cluster, nor delete a key at the end of its waiting period: so the
 * cluster's finding ends with the cluster, and the deletion of a key is tested in `test/pipeline/live/`.
 */
import {
  DeleteVolumeCommand,
  ModifyInstanceAttributeCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DeleteClusterCommand, UpdateClusterConfigCommand } from '@aws-sdk/client-eks';
import { CancelKeyDeletionCommand, EnableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, stack } from './deployed-stack.ts';
import { account, region } from './emulated-aws.ts';
import { createCluster, createKey, createVolume, runInstances } from './resources.ts';
import { allFindings, event, findingsAbout, put, required } from './stack.ts';

/** Waits for exactly these findings about a resource. */
async function expectFindings(id: string, expected: readonly string[]): Promise<void> {
  await eventually(async () => expect(await findingsAbout(stack, id)).toEqual(expected));
}

describe('instances whose type does not encrypt in transit', () => {
  let [changed, terminated] = ['', ''];

  beforeAll(async () => {
    const ids = await runInstances(stack, 't3.micro', 2);
    changed = required(ids[0], 'the first instance');
    terminated = required(ids[1], 'the second instance');
    const launch = event('ec2-transit-encryption/fail-run-instances-type-without-encryption', {
      'i-0a1b2c3d4e5f60003': changed,
      'i-0a1b2c3d4e5f60004': terminated,
    });
    await put(stack, [launch]);
  });

  it('have a finding each from the launch on', async () => {
    await expectFindings(`instance/${changed}`, ['ec2-transit-encryption FAILED ACTIVE']);
    await expectFindings(`instance/${terminated}`, ['ec2-transit-encryption FAILED ACTIVE']);
  });

  it('are in the finding with account, Region and actor', async () => {
    const all = await allFindings(stack);
    const finding = all.find(({ Resources }) => Resources?.[0]?.Id?.endsWith(changed));
    expect(finding).toMatchObject({
      AwsAccountId: account,
      ProductArn: `arn:aws:securityhub:${region}:${account}:product/${account}/default`,
      ProductFields: { 'trailseal/actor/arn': `arn:aws:iam::${account}:user/erin` },
      Resources: [
        {
          Type: 'AwsEc2Instance',
          Id: `arn:aws:ec2:${region}:${account}:instance/${changed}`,
          Region: region,
        },
      ],
    });
  });

  it('have the finding resolved when the type is changed to one that encrypts', async () => {
    await stack.ec2.send(new StopInstancesCommand({ InstanceIds: [changed] }));
    await stack.ec2.send(
      new ModifyInstanceAttributeCommand({ InstanceId: changed, InstanceType: { Value: 'm6i.large' } }),
    );
    await put(stack, [
      event('ec2-transit-encryption/pass-modify-instance-type', { 'i-0a1b2c3d4e5f60002': changed }),
    ]);
    await expectFindings(`instance/${changed}`, ['ec2-transit-encryption PASSED ACTIVE']);
  });

  it('have the finding archived when they are terminated', async () => {
    await stack.ec2.send(new TerminateInstancesCommand({ InstanceIds: [terminated] }));
    await put(stack, [
      event('ec2-transit-encryption/deletion-terminate-instances', {
        'i-0a1b2c3d4e5f60003': terminated,
        'i-0a1b2c3d4e5f60004': 'i-0123456789abcdef0',
      }),
    ]);
    await expectFindings(`instance/${terminated}`, ['ec2-transit-encryption FAILED ARCHIVED']);
  });
});

describe('an unencrypted volume', () => {
  let id = '';

  beforeAll(async () => {
    id = await createVolume(stack, false);
  });

  it('has a finding from its creation on', async () => {
    await put(stack, [
      event('ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot', {
        'vol-0a1b2c3d4e5f60002': id,
      }),
    ]);
    await expectFindings(id, ['ec2-volume-encryption FAILED ACTIVE']);
  });

  it('has the finding archived when it is deleted', async () => {
    await stack.ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
    await put(stack, [
      event('ec2-volume-encryption/deletion-delete-volume', { 'vol-0a1b2c3d4e5f60002': id }),
    ]);
    await expectFindings(id, ['ec2-volume-encryption FAILED ARCHIVED']);
  });
});

describe('a cluster', () => {
  it('of a version that encrypts nothing by default has a finding until it is deleted', async () => {
    await createCluster(stack, { name: 'training', version: '1.27', audit: true });
    await put(stack, [
      event('eks-secrets-encryption/fail-old-version-without-key', { training: 'training' }),
    ]);
    await expectFindings('cluster/training', ['eks-secrets-encryption FAILED ACTIVE']);
    await stack.eks.send(new DeleteClusterCommand({ name: 'training' }));
    await put(stack, [event('eks-secrets-encryption/deletion-cluster-deleted', { legacy: 'training' })]);
    await expectFindings('cluster/training', ['eks-secrets-encryption FAILED ARCHIVED']);
  });

  it('without audit log has a finding until the log is switched on', async () => {
    await createCluster(stack, { name: 'checkout', version: '1.33', audit: false });
    await put(stack, [event('eks-audit-logging/fail-off-by-default', { checkout: 'checkout' })]);
    await expectFindings('cluster/checkout', ['eks-audit-logging FAILED ACTIVE']);
    await stack.eks.send(
      new UpdateClusterConfigCommand({
        name: 'checkout',
        logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: true }] },
      }),
    );
    await put(stack, [event('eks-audit-logging/pass-switched-on', { checkout: 'checkout' })]);
    await expectFindings('cluster/checkout', ['eks-audit-logging PASSED ACTIVE']);
  });
});

describe('a key', () => {
  const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';
  let id = '';

  beforeAll(async () => {
    id = await createKey(stack);
  });

  it('that is scheduled for deletion has a finding', async () => {
    await stack.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
    await put(stack, [event('kms-key-deletion/fail-scheduled', { [sampleKey]: id })]);
    await expectFindings(`key/${id}`, ['kms-key-deletion FAILED ACTIVE']);
  });

  it('has the finding resolved when the deletion is cancelled', async () => {
    await stack.kms.send(new CancelKeyDeletionCommand({ KeyId: id }));
    // Cancelling leaves the key disabled, which is another finding.
    await stack.kms.send(new EnableKeyCommand({ KeyId: id }));
    await put(stack, [event('kms-key-deletion/pass-cancelled', { [sampleKey]: id })]);
    await expectFindings(`key/${id}`, ['kms-key-deletion PASSED ACTIVE']);
  });
});
