import { describe, expect, it } from 'vitest';
import { eksNodeTransitEncryption as control } from '../../../../lib/services/eks/controls/eks-node-transit-encryption.ts';
import { deletedResources, sample } from '../../../evaluating.ts';
import { last, survivesMutations, verdicts } from '../../evaluations.ts';
import { clusterArn, ec2, eks } from './events.ts';

const id = 'lt-0123456789abcdef0';
const group = { name: 'shop', nodegroupName: 'nodes' };
const create = (rest: object, answer: object | null = null) =>
  eks('CreateNodegroup', { ...group, ...rest }, answer === null ? null : { nodegroup: answer });
const update = (rest: object) => eks('UpdateNodegroupVersion', { ...group, ...rest });
const template = (data: object) =>
  ec2(
    'CreateLaunchTemplate',
    { LaunchTemplateName: 'nodes', LaunchTemplateData: data },
    { launchTemplate: { launchTemplateId: id, launchTemplateName: 'nodes', latestVersionNumber: 1 } },
  );
const templateVersion = (versionNumber: number, data: object, request: object = {}) =>
  ec2(
    'CreateLaunchTemplateVersion',
    { LaunchTemplateId: id, LaunchTemplateData: data, ...request },
    { launchTemplateVersion: { launchTemplateId: id, launchTemplateName: 'nodes', versionNumber } },
  );

describe('instance types that the group names', () => {
  it.each([
    [['m6i.large'], 'PASS'],
    [['m6i.large', 'c6i.large'], 'PASS'],
    [['m5.large'], 'FAIL'],
    [['m6i.large', 'm5.large'], 'FAIL'],
    [['m6i.large', 'x99.large'], 'UNKNOWN'],
    [['x99.large', 'm5.large'], 'FAIL'],
  ])('%j: %s', async (instanceTypes, verdict) => {
    expect(await verdicts(control, [create({ instanceTypes })])).toEqual([verdict]);
  });

  it('are read from the answer where the request names none', async () => {
    expect(await verdicts(control, [create({}, { instanceTypes: ['m6i.large'] })])).toEqual(['PASS']);
  });

  it('may be one, written without a list', async () => {
    const { verdict, evidence } = await last(control, [create({ instanceTypes: 'm5.large' })]);
    expect([verdict, evidence.summary]).toEqual(['FAIL', expect.stringMatching(/ on m5\.large\.$/)]);
  });

  it('names those at fault, and only those', async () => {
    const { evidence } = await last(control, [create({ instanceTypes: ['m6i.large', 'm5.large'] })]);
    expect(evidence.summary).toBe(
      'Traffic between nodes of node group shop/nodes is not encrypted on m5.large.',
    );
  });
});

describe('where nothing names an instance type', () => {
  it('fails for t3.medium, the API’s default', async () => {
    const { verdict, evidence } = await last(control, [create({})]);
    expect([verdict, evidence.summary]).toEqual([
      'FAIL',
      expect.stringContaining('t3.medium, which EKS uses'),
    ]);
  });

  it('says so where the answer tells the type that EKS chose', async () => {
    const { evidence } = await last(control, [create({}, { instanceTypes: ['t3.medium'] })]);
    expect(evidence.summary).toContain('t3.medium, which EKS uses where no type is named');
  });

  it('does not say so where the request is not there to show that none is named', async () => {
    const record = {
      ...create({}, { clusterName: 'shop', nodegroupName: 'nodes', instanceTypes: ['t3.medium'] }),
      requestParameters: null,
    };
    const { verdict, evidence } = await last(control, [record]);
    expect([verdict, evidence.summary]).toEqual(['FAIL', expect.not.stringContaining('EKS uses')]);
  });

  it('goes by the answer for ARM nodes', async () => {
    const record = create({ amiType: 'AL2023_ARM_64_STANDARD' }, { instanceTypes: ['m7g.large'] });
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });

  it('is unknown for ARM nodes, which that type cannot run', async () => {
    expect(await verdicts(control, [create({ amiType: 'AL2023_ARM_64_STANDARD' })])).toEqual(['UNKNOWN']);
  });

  it('is unknown where CloudTrail left the request out', async () => {
    const record = eks('CreateNodegroup', null, {
      nodegroup: { clusterName: 'shop', nodegroupName: 'nodes' },
    });
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });
});

describe('instance types that a launch template names', () => {
  it('is unknown where the trail does not show the template', async () => {
    expect(await verdicts(control, [create({ launchTemplate: { id, version: '1' } })])).toEqual(['UNKNOWN']);
  });

  it.each([
    [{ id, version: '1' }],
    [{ name: 'nodes', version: '1' }],
    [{ id }],
    [{ id, version: '$Latest' }],
    [{ id, version: '$Default' }],
  ])('finds the first version under %j', async (launchTemplate) => {
    const records = [template({ InstanceType: 'm6i.large' }), create({ launchTemplate })];
    expect(await verdicts(control, records)).toEqual(['PASS']);
  });

  it.each([
    [{ id, version: '2' }, 'FAIL'],
    [{ id, version: '1' }, 'PASS'],
    [{ id }, 'PASS'],
    [{ id, version: '$Latest' }, 'FAIL'],
    [{ id, version: '3' }, 'UNKNOWN'],
  ])('tells the versions apart: %j: %s', async (launchTemplate, verdict) => {
    const records = [
      template({ InstanceType: 'm6i.large' }),
      templateVersion(2, { InstanceType: 'm5.large' }),
      create({ launchTemplate }),
    ];
    expect(await verdicts(control, records)).toEqual([verdict]);
  });

  it('inherits the type from the source of a version', async () => {
    const records = [
      template({ InstanceType: 'm5.large' }),
      templateVersion(2, { ImageId: 'ami-1' }, { SourceVersion: '1' }),
      create({ launchTemplate: { id, version: '2' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL']);
  });

  it('is unknown where the source of a version is not shown', async () => {
    const records = [
      templateVersion(5, { ImageId: 'ami-1' }, { SourceVersion: '4' }),
      create({ launchTemplate: { id, version: '5' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['UNKNOWN']);
  });

  it('follows a changed default version', async () => {
    const records = [
      template({ InstanceType: 'm6i.large' }),
      templateVersion(2, { InstanceType: 'm5.large' }),
      ec2('ModifyLaunchTemplate', { LaunchTemplateId: id, SetDefaultVersion: '2' }, {}),
      create({ launchTemplate: { id } }),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL']);
  });

  it('does not know the latest version once versions were deleted', async () => {
    const records = [
      template({ InstanceType: 'm6i.large' }),
      ec2('DeleteLaunchTemplateVersions', { LaunchTemplateId: id }, {}),
      create({ launchTemplate: { id, version: '$Latest' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['UNKNOWN']);
  });

  it('forgets a template that was deleted, under its id and its name', async () => {
    const records = [
      template({ InstanceType: 'm6i.large' }),
      ec2('DeleteLaunchTemplate', { LaunchTemplateId: id }, {}),
      create({ launchTemplate: { name: 'nodes', version: '1' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['UNKNOWN']);
  });

  it('uses the API’s default where the template names none', async () => {
    const records = [template({ ImageId: 'ami-1' }), create({ launchTemplate: { id } })];
    expect(await verdicts(control, records)).toEqual(['FAIL']);
  });

  it('is unknown where the template asks by requirements', async () => {
    const data = { InstanceRequirements: { VCpuCount: { Min: 2 } } };
    expect(await verdicts(control, [template(data), create({ launchTemplate: { id } })])).toEqual([
      'UNKNOWN',
    ]);
  });

  it('does not read the templates of another Region', async () => {
    const elsewhere = { ...template({ InstanceType: 'm6i.large' }), awsRegion: 'us-east-1' };
    expect(await verdicts(control, [elsewhere, create({ launchTemplate: { id } })])).toEqual(['UNKNOWN']);
  });

  it('yields to the types that the group names', async () => {
    const records = [
      template({ ImageId: 'ami-1' }),
      create({ launchTemplate: { id }, instanceTypes: ['m6i.large'] }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS']);
  });
});

describe('an update', () => {
  it('of the AMI alone leaves the types as they were', async () => {
    expect(await verdicts(control, [create({ instanceTypes: ['m5.large'] }), update({})])).toEqual([
      'FAIL',
      'FAIL',
    ]);
  });

  it('is unknown for a group not seen before', async () => {
    expect(await verdicts(control, [update({ releaseVersion: '1.33.5-20261001' })])).toEqual(['UNKNOWN']);
  });

  it('brings the type of another version of the template', async () => {
    const records = [
      template({ InstanceType: 'm5.large' }),
      create({ launchTemplate: { id, version: '1' } }),
      templateVersion(2, { InstanceType: 'm6i.large' }),
      update({ launchTemplate: { id, version: '2' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'PASS']);
  });

  it('of a group not seen before is evaluated by a template that names a type', async () => {
    const records = [
      template({ InstanceType: 'm6i.large' }),
      update({ launchTemplate: { id, version: '1' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS']);
  });

  it('of a group not seen before is unknown where the template names none, as the group may', async () => {
    const records = [template({ ImageId: 'ami-1' }), update({ launchTemplate: { id, version: '1' } })];
    expect(await verdicts(control, records)).toEqual(['UNKNOWN']);
  });

  it('keeps the type that EKS chose, where the template still names none', async () => {
    const records = [
      create({ launchTemplate: { id } }, { instanceTypes: ['t3.medium'] }),
      templateVersion(2, { ImageId: 'ami-2' }),
      update({ launchTemplate: { id, version: '2' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'FAIL']);
  });

  it('replaces the type that EKS chose by one that the template names', async () => {
    const records = [
      create({ launchTemplate: { id } }, { instanceTypes: ['t3.medium'] }),
      templateVersion(2, { InstanceType: 'm6i.large' }),
      update({ launchTemplate: { id, version: '2' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'PASS']);
  });

  it('keeps the types that the group itself names', async () => {
    const records = [
      template({ ImageId: 'ami-1' }),
      create({ launchTemplate: { id }, instanceTypes: ['m6i.large'] }),
      templateVersion(2, { ImageId: 'ami-2' }),
      update({ launchTemplate: { id, version: '2' } }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS', 'PASS']);
  });

  it('changes nothing where EKS answers that it failed', async () => {
    const records = [
      template({ InstanceType: 'm5.large' }),
      create({ launchTemplate: { id } }),
      templateVersion(2, { InstanceType: 'm6i.large' }),
      {
        ...update({ launchTemplate: { id, version: '2' } }),
        responseElements: { update: { status: 'Failed' } },
      },
    ];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'FAIL']);
  });
});

describe('types that the policy accepts', () => {
  it.each([
    [['m5.large'], 'PASS'],
    [['m5.*'], 'PASS'],
    [['m5.xlarge', 'm.*'], 'FAIL'],
  ])('%j, for m5.large: %s', async (allowedInstanceTypes, verdict) => {
    const records = [create({ instanceTypes: ['m5.large'] })];
    expect(await verdicts(control, records, { allowedInstanceTypes })).toEqual([verdict]);
  });

  it('do not excuse the others', async () => {
    const records = [create({ instanceTypes: ['m5.large', 't3.large'] })];
    expect((await last(control, records, { allowedInstanceTypes: ['m5.*'] })).evidence.summary).toBe(
      'Traffic between nodes of node group shop/nodes is not encrypted on t3.large.',
    );
  });

  it('may be types that the snapshot does not hold', async () => {
    const records = [create({ instanceTypes: ['x99.large'] })];
    expect(await verdicts(control, records, { allowedInstanceTypes: ['x99.large'] })).toEqual(['PASS']);
  });
});

describe('a node group as a resource', () => {
  it('has its true ARN where the answer contains it', async () => {
    const { resource } = await last(control, [sample(control.id, 'fail-type')]);
    expect(resource.arn).toMatch(/:nodegroup\/checkout\/general\/[0-9a-f-]{36}$/);
  });

  it('is the same resource in every event, by its id and its cluster', async () => {
    const records = [
      sample(control.id, 'fail-type'),
      eks('UpdateNodegroupVersion', { name: 'checkout', nodegroupName: 'general' }),
    ];
    const { resource, verdict } = await last(control, records);
    expect({ id: resource.id, partOf: resource.partOf, verdict }).toEqual({
      id: 'checkout/general',
      partOf: clusterArn('checkout'),
      verdict: 'FAIL',
    });
  });

  it('ends with DeleteNodegroup', () => {
    const [resource] = deletedResources(control, sample(control.id, 'deletion-nodegroup-deleted'));
    expect(resource).toMatchObject({ type: 'AwsEksNodegroup', id: 'checkout/general' });
  });

  it('ends with its cluster', () => {
    const [resource] = deletedResources(control, sample(control.id, 'deletion-cluster-deleted'));
    expect(resource).toMatchObject({ type: 'AwsEksCluster', arn: clusterArn('checkout') });
  });

  it.each([
    ['DeleteNodegroup', group],
    ['DeleteCluster', { name: 'shop' }],
  ])('is forgotten after %s', async (eventName, request) => {
    const records = [create({ instanceTypes: ['m6i.large'] }), eks(eventName, request), update({})];
    expect(await verdicts(control, records)).toEqual(['PASS', 'UNKNOWN']);
  });
});

it('never throws, whatever the events hold', async () => {
  const records = [
    template({ InstanceType: 'm6i.large' }),
    templateVersion(2, { InstanceType: 'm5.large' }, { SourceVersion: '1' }),
    create({ launchTemplate: { id, version: '1' } }, { ...group, launchTemplate: { id, version: '1' } }),
    update({ launchTemplate: { id, version: '2' } }),
    create({ instanceTypes: ['m5.large'] }),
    eks('DeleteNodegroup', group),
  ];
  await survivesMutations(control, records, { allowedInstanceTypes: ['t3.*'] });
});
