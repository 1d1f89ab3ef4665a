import {
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import {
  DescribeKeyCommand,
  GetKeyRotationStatusCommand,
  type KeyState,
  ListGrantsCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { Evaluation, Resource } from '../../lib/core/control.ts';
import { evaluateLive } from '../../lib/pipeline/evaluate.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { evaluateTrail, sample } from '../evaluating.ts';
import { cluster, key, keyArn, keyId, kmsError, mockAws, resource, snapshot, volume } from './gathering.ts';

type Aws = ReturnType<typeof mockAws>;

/** What a control says of a resource that AWS itself was asked about. */
async function evaluated(
  aws: Aws,
  id: string,
  subject: Resource,
  settings: object = {},
): Promise<Evaluation | undefined> {
  const control = controls.find((each) => each.id === id);
  if (control === undefined) throw new Error(`there is no control ${id}`);
  const [[first] = []] = await evaluateLive([{ control, resource: subject }], aws.provider, () =>
    control.settings.parse(settings),
  );
  return first?.evaluation;
}

/** The verdict and its sentence. */
async function said(...args: Parameters<typeof evaluated>) {
  const evaluation = await evaluated(...args);
  return [evaluation?.verdict, evaluation?.evidence.summary];
}

// In an archive the same sentences rest on events, so that none may speak of events, or of a trail.
describe('values that AWS does not return are reported as unknown', () => {
  it('of logs that are neither on nor off', async () => {
    const aws = mockAws();
    aws.eks.on(DescribeClusterCommand).resolves({
      cluster: { status: 'ACTIVE', logging: { clusterLogging: [{ types: ['audit'], enabled: true }] } },
    });
    expect(await said(aws, 'eks-audit-logging', cluster('app'))).toEqual([
      'UNKNOWN',
      'Whether cluster app exports these logs is unknown: authenticator.',
    ]);
  });

  it('of a key by its alias', async () => {
    const aws = mockAws();
    aws.eks.on(DescribeClusterCommand).resolves({
      cluster: {
        status: 'ACTIVE',
        version: '1.31',
        encryptionConfig: [{ provider: { keyArn: 'alias/app' } }],
      },
    });
    expect(await said(aws, 'eks-secrets-encryption', cluster('app'), { key: [keyArn] })).toEqual([
      'UNKNOWN',
      'The key of cluster app is named as alias/app, and the ARN that this stands for is unknown.',
    ]);
  });

  it('of the role of a multi-Region key', async () => {
    const aws = mockAws();
    aws.kms
      .on(DescribeKeyCommand)
      .resolves({
        KeyMetadata: {
          KeyId: `mrk-${keyId}`,
          KeyState: 'Enabled',
          Origin: 'AWS_KMS',
          KeySpec: 'SYMMETRIC_DEFAULT',
        },
      })
      .on(GetKeyRotationStatusCommand)
      .resolves({ KeyRotationEnabled: false });
    expect(await said(aws, 'kms-key-rotation', key)).toEqual([
      'UNKNOWN',
      `Key ${keyId} is not rotated automatically, and whether KMS supports it is unknown: no source says whether it is a primary or a replica key.`,
    ]);
  });

  it('of a grant without a grantee', async () => {
    const aws = mockAws();
    const grant = resource('AwsKmsGrant', `${keyId}/abc`, { arn: keyArn });
    aws.kms.on(ListGrantsCommand).resolves({ Grants: [{ GrantId: 'abc', Operations: ['Decrypt'] }] });
    expect(await said(aws, 'kms-grant', grant)).toEqual([
      'UNKNOWN',
      `The grantee of grant ${keyId}/abc is unknown.`,
    ]);
  });

  it('of a share that names nobody', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeSnapshotAttributeCommand)
      .resolves({ CreateVolumePermissions: [{}] })
      .on(DescribeSnapshotsCommand)
      .resolves({ Snapshots: [{ SnapshotId: 'snap-1', Encrypted: true }] });
    expect(await said(aws, 'ebs-snapshot-sharing', snapshot('snap-1'))).toEqual([
      'UNKNOWN',
      'Who may restore snap-1 is unknown: not all of its shares can be read.',
    ]);
  });

  it('of the manager of a key, with the reason', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] });
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('AccessDeniedException', 'not authorized'));
    const settings = { key: 'customer-managed' };
    expect(await said(aws, 'ec2-volume-encryption', volume('vol-1'), settings)).toEqual([
      'UNKNOWN',
      `The volume vol-1 is encrypted (AWS answered so), but with which key is unknown: no source says whether ${keyArn} is customer managed, as kms:DescribeKey was denied (not authorized).`,
    ]);
  });
});

describe('who changed the state of a key', () => {
  it.each<[string, KeyState]>([
    ['kms-key-deletion', 'PendingDeletion'],
    ['kms-key-disabled', 'Disabled'],
  ])(
    'is not in the evidence where KMS was read, because KMS does not return it: %s',
    async (control, KeyState) => {
      const aws = mockAws();
      aws.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: keyId, KeyState } });
      const evaluation = await evaluated(aws, control, key);
      expect(evaluation?.verdict).toBe('FAIL');
      expect(evaluation?.evidence.observed.map(({ what }) => what)).not.toContain('changedBy');
    },
  );
});

describe('values of one evaluation that several providers know', () => {
  it('each say which one: an event, or the data set that ships', async () => {
    const control = controls.find(({ id }) => id === 'ec2-transit-encryption');
    if (control === undefined) throw new Error('there is no such control');
    const record = sample('ec2-transit-encryption', 'fail-run-instances-type-without-encryption');
    const [first] = await evaluateTrail(control, [record]);
    expect(first?.evidence.observed.map(({ what, source }) => [what, source?.kind])).toEqual([
      ['instanceType', 'event'],
      ['instanceClass', 'event'],
      ['encryptionInTransitSupported', 'snapshot'],
    ]);
  });
});
