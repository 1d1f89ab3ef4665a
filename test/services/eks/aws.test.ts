import { DescribeInstanceTypesCommand, DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import {
  type Cluster,
  type ClusterStatus,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  type Nodegroup,
  type NodegroupStatus,
} from '@aws-sdk/client-eks';
import { describe, expect, it } from 'vitest';
import { cluster, eksError, mockAws, nodegroup } from '../../pipeline/gathering.ts';

function withCluster(answer: Cluster) {
  const aws = mockAws();
  aws.eks.on(DescribeClusterCommand).resolves({ cluster: answer });
  return aws;
}

describe('a cluster', () => {
  it.each<[ClusterStatus, string | undefined]>([
    ['CREATING', 'not-ready'],
    ['PENDING', 'not-ready'],
    ['UPDATING', 'not-ready'],
    ['DELETING', 'deleted'],
    ['ACTIVE', undefined],
    ['FAILED', undefined],
  ])('that is %s: %s', async (status, reason) => {
    const aws = withCluster({ status, version: '1.31' });
    const fact = await aws.read(cluster('app'), 'eks.version');
    expect(fact).toMatchObject(
      reason === undefined ? { value: '1.31' } : { reason, detail: expect.stringContaining(status) },
    );
    expect(aws.waits).toEqual([]);
  });

  it('that EKS does not know yet is waited for', async () => {
    const aws = mockAws();
    aws.eks
      .on(DescribeClusterCommand)
      .rejectsOnce(eksError('ResourceNotFoundException', 'No cluster found for name: app.'))
      .resolves({ cluster: { status: 'ACTIVE', version: '1.31' } });
    expect(await aws.read(cluster('app'), 'eks.version')).toMatchObject({ value: '1.31' });
    expect(aws.waits).toEqual([500]);
  });

  it('is one call for all its facts', async () => {
    const aws = withCluster({
      status: 'ACTIVE',
      version: '1.31',
      resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] },
      encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: 'alias/app' } }],
      logging: {
        clusterLogging: [
          { types: ['api', 'audit'], enabled: true },
          { types: ['scheduler'], enabled: false },
        ],
      },
    });
    const [facts] = await aws.gather([
      {
        resource: cluster('app'),
        facts: [
          'eks.version',
          'eks.secretsEncryption',
          'eks.endpointPublicAccess',
          'eks.publicAccessCidrs',
          'eks.logging',
        ],
      },
    ]);
    expect(facts).toMatchObject({
      'eks.version': { value: '1.31' },
      'eks.secretsEncryption': { value: { key: 'alias/app' } },
      'eks.endpointPublicAccess': { value: true },
      'eks.publicAccessCidrs': { value: ['203.0.113.0/24'] },
      'eks.logging': { value: { api: true, audit: true, scheduler: false } },
    });
    expect(aws.calls()).toEqual(['eks:DescribeCluster']);
  });

  it('without an encryptionConfig has no key of the customer', async () => {
    const aws = withCluster({ status: 'ACTIVE' });
    expect(await aws.read(cluster('app'), 'eks.secretsEncryption')).toMatchObject({ value: { key: null } });
  });

  it.each(['eks.version', 'eks.endpointPublicAccess', 'eks.publicAccessCidrs', 'eks.logging'] as const)(
    'of which EKS does not tell %s leaves it unknown',
    async (name) => {
      const aws = withCluster({ status: 'ACTIVE' });
      expect(await aws.read(cluster('app'), name)).toMatchObject({ known: false, reason: 'unreadable' });
    },
  );

  it('that may not be read names the action', async () => {
    const aws = mockAws();
    aws.eks.on(DescribeClusterCommand).rejects(eksError('AccessDeniedException', 'not authorized'));
    expect(await aws.read(cluster('app'), 'eks.logging')).toMatchObject({
      reason: 'denied',
      detail: expect.stringContaining('eks:DescribeCluster'),
    });
  });
});

describe('a node group', () => {
  function withNodegroup(answer: Nodegroup) {
    const aws = mockAws();
    aws.eks
      .on(DescribeNodegroupCommand, { clusterName: 'app', nodegroupName: 'blue' })
      .resolves({ nodegroup: answer });
    return aws;
  }
  const group = nodegroup('app/blue');

  it.each<[NodegroupStatus, string | undefined]>([
    ['CREATING', undefined],
    ['ACTIVE', undefined],
    ['DEGRADED', undefined],
    ['DELETE_FAILED', undefined],
    ['UPDATING', 'not-ready'],
    ['DELETING', 'deleted'],
  ])('that is %s: %s', async (status, reason) => {
    const aws = withNodegroup({ status, instanceTypes: ['m5.large'] });
    expect(await aws.read(group, 'eks.nodegroup')).toMatchObject(
      reason === undefined
        ? { value: { instanceTypes: ['m5.large'], namedBy: 'node group' } }
        : { reason, detail: expect.stringContaining(status) },
    );
  });

  // EKS answers `null` for the types of a group whose launch template names one; moto answers t3.medium.
  it('whose launch template names the type', async () => {
    const aws = withNodegroup({ status: 'ACTIVE', launchTemplate: { id: 'lt-1', version: '3' } });
    aws.ec2
      .on(DescribeLaunchTemplateVersionsCommand, { LaunchTemplateId: 'lt-1', Versions: ['3'] })
      .resolves({ LaunchTemplateVersions: [{ LaunchTemplateData: { InstanceType: 'm6i.large' } }] });
    expect(await aws.read(group, 'eks.nodegroup')).toMatchObject({
      value: { instanceTypes: ['m6i.large'], namedBy: 'launch template' },
      source: { call: 'DescribeLaunchTemplateVersions' },
    });
  });

  it('whose launch template was deleted is not deleted itself, and unknown without a wait', async () => {
    const aws = withNodegroup({ status: 'ACTIVE', launchTemplate: { id: 'lt-1', version: '3' } });
    aws.ec2.on(DescribeLaunchTemplateVersionsCommand).resolves({ LaunchTemplateVersions: [] });
    expect(await aws.read(group, 'eks.nodegroup')).toMatchObject({ reason: 'not-found' });
    expect(aws.waits).toEqual([]);
  });

  it.each<[string, Partial<Nodegroup>, object]>([
    ['with neither', {}, { value: { instanceTypes: ['t3.medium'], namedBy: 'EKS default' } }],
    ['with neither, for ARM', { amiType: 'AL2023_ARM_64_STANDARD' }, { reason: 'absent' }],
  ])('%s', async (_how, more, expected) => {
    const aws = withNodegroup({ status: 'ACTIVE', ...more });
    expect(await aws.read(group, 'eks.nodegroup')).toMatchObject(expected);
  });

  it.each(['', 'app', 'app/', '/blue'])('is none without both names: %j', async (id) => {
    const aws = mockAws();
    expect(await aws.read(nodegroup(id), 'eks.nodegroup')).toMatchObject({ reason: 'deleted' });
    expect(aws.calls()).toEqual([]);
  });

  it('asks for the instance types of all groups at once', async () => {
    const aws = mockAws();
    aws.eks.on(DescribeNodegroupCommand).callsFake(({ nodegroupName }) => ({
      nodegroup: { status: 'ACTIVE', instanceTypes: [nodegroupName === 'blue' ? 'm5.large' : 'm6i.large'] },
    }));
    aws.ec2.on(DescribeInstanceTypesCommand).callsFake(({ InstanceTypes }) => ({
      InstanceTypes: InstanceTypes.map((name: string) => ({
        InstanceType: name,
        NetworkInfo: { EncryptionInTransitSupported: name === 'm6i.large' },
      })),
    }));
    const facts = await aws.gather(
      ['app/blue', 'app/green'].map((id) => ({ resource: nodegroup(id), facts: ['eks.nodegroupTypes'] })),
    );
    expect(facts.map((each) => each['eks.nodegroupTypes'])).toMatchObject([
      { value: [{ instanceType: 'm5.large', support: { value: { encryptionInTransitSupported: false } } }] },
      { value: [{ instanceType: 'm6i.large', support: { value: { encryptionInTransitSupported: true } } }] },
    ]);
    expect(aws.calls()).toEqual([
      'ec2:DescribeInstanceTypes',
      'eks:DescribeNodegroup',
      'eks:DescribeNodegroup',
    ]);
  });
});
