import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeVolumesCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { DescribeNodegroupCommand } from '@aws-sdk/client-eks';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { isDeleted, isNotReady, wasNotAnswered } from '../../lib/core/absence.ts';
import type { Facts } from '../../lib/core/control.ts';
import { unknownFact } from '../../lib/core/facts.ts';
import {
  ec2Error,
  eksError,
  instance,
  keyArn,
  kmsError,
  mockAws,
  nodegroup,
  template,
  volume,
} from '../pipeline/gathering.ts';

/** What each of the helpers says of the same facts. */
function told(facts: Partial<Facts> | undefined = {}) {
  return { deleted: isDeleted(facts), notReady: isNotReady(facts), unanswered: wasNotAnswered(facts) };
}

describe('facts', () => {
  it.each([
    ['deleted', { deleted: 'why' }],
    ['not-ready', { notReady: 'why' }],
    ['throttled', { unanswered: 'why' }],
    ['failed', { unanswered: 'why' }],
    ['not-found', {}],
    ['absent', {}],
    ['denied', {}],
    ['unreadable', {}],
    ['not-in-trail', {}],
  ] as const)('that are unknown for this reason, %s, tell: %j', (reason, expected) => {
    expect(told({ 'kms.keyState': unknownFact(reason, 'why') })).toEqual({
      deleted: undefined,
      notReady: undefined,
      unanswered: undefined,
      ...expected,
    });
  });
});

describe('a resource', () => {
  it('that was deleted is so even though other facts of its place are known', async () => {
    const aws = mockAws();
    aws.ec2
      .on(GetEbsEncryptionByDefaultCommand)
      .resolves({ EbsEncryptionByDefault: true })
      .on(DescribeLaunchTemplateVersionsCommand)
      .rejects(ec2Error('InvalidLaunchTemplateId.NotFound', 'does not exist'));
    const [facts] = await aws.gather([
      {
        resource: template('lt-1'),
        facts: ['ec2.launchTemplateVersion', 'ec2.ebsDefaultEncryption'],
        mayBeDeleted: true,
      },
    ]);
    expect(facts?.['ec2.ebsDefaultEncryption']).toMatchObject({ value: true });
    expect(isDeleted(facts ?? {})).toBe('ec2:DescribeLaunchTemplateVersions does not find lt-1:$Latest');
  });

  it.each(['eks.nodegroup', 'eks.nodegroupTypes'] as const)(
    'is not deleted because its launch template is: %s of a node group',
    async (fact) => {
      const aws = mockAws();
      aws.eks
        .on(DescribeNodegroupCommand)
        .resolves({ nodegroup: { status: 'ACTIVE', launchTemplate: { id: 'lt-1', version: '3' } } });
      aws.ec2
        .on(DescribeLaunchTemplateVersionsCommand)
        .rejects(ec2Error('InvalidLaunchTemplateId.NotFound', 'does not exist'));
      const [facts] = await aws.gather([{ resource: nodegroup('app/blue'), facts: [fact] }]);
      expect(facts?.[fact]).toMatchObject({ known: false });
      expect(told(facts)).toEqual({ deleted: undefined, notReady: undefined, unanswered: undefined });
    },
  );

  it('was deleted when its cluster is: a node group', async () => {
    const aws = mockAws();
    aws.eks
      .on(DescribeNodegroupCommand)
      .rejects(eksError('ResourceNotFoundException', 'No cluster found for name: app.'));
    const [facts] = await aws.gather([
      { resource: nodegroup('app/blue'), facts: ['eks.nodegroup'], mayBeDeleted: true },
    ]);
    expect(isDeleted(facts ?? {})).toBe('eks:DescribeNodegroup does not find app/blue');
  });

  it('is not deleted because AWS does not know its type: an instance', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [{ Instances: [{ InstanceId: 'i-1', InstanceType: 'x99.large' as 'm5.large' }] }],
    });
    aws.ec2
      .on(DescribeInstanceTypesCommand)
      .rejectsOnce(ec2Error('InvalidInstanceType', 'do not exist: [x99.large]'))
      .resolves({ InstanceTypes: [] });
    const [facts] = await aws.gather([{ resource: instance('i-1'), facts: ['ec2.instanceType'] }]);
    expect(facts?.['ec2.instanceType']).toMatchObject({ reason: 'not-found' });
    expect(isDeleted(facts ?? {})).toBe(undefined);
  });
});

describe('what was not answered', () => {
  it('may be a part of a fact that is known: whose the key of a volume is', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeVolumesCommand)
      .resolves({ Volumes: [{ VolumeId: 'vol-1', Encrypted: true, KmsKeyId: keyArn }] });
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('ThrottlingException', 'Rate exceeded'));
    const [facts] = await aws.gather([{ resource: volume('vol-1'), facts: ['ec2.volumeKey'] }]);
    expect(wasNotAnswered(facts ?? {})).toBe(
      'kms:DescribeKey was throttled for as long as it was tried (Rate exceeded)',
    );
  });

  it('may be a part of a fact that is known: what one instance type of a node group supports', async () => {
    const aws = mockAws();
    aws.eks
      .on(DescribeNodegroupCommand)
      .resolves({ nodegroup: { status: 'ACTIVE', instanceTypes: ['x99.large'] } });
    aws.ec2.on(DescribeInstanceTypesCommand).rejects(ec2Error('InternalError', 'try again'));
    const [facts] = await aws.gather([{ resource: nodegroup('app/blue'), facts: ['eks.nodegroupTypes'] }]);
    expect(facts?.['eks.nodegroupTypes']).toMatchObject({ known: true });
    expect(wasNotAnswered(facts ?? {})).toMatch(/^ec2:DescribeInstanceTypes failed with InternalError/);
  });
});
