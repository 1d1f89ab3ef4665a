import { describe, expect, it } from 'vitest';
import { eksEndpointAccess as control } from '../../../../lib/services/eks/controls/eks-endpoint-access.ts';
import { deletedResources, sample } from '../../../evaluating.ts';
import { last, survivesMutations, verdicts } from '../../evaluations.ts';
import { eks } from './events.ts';

const create = (resourcesVpcConfig: object, answer?: object) =>
  eks(
    'CreateCluster',
    { name: 'shop', resourcesVpcConfig },
    answer === undefined ? null : { cluster: { resourcesVpcConfig: answer } },
  );
const update = (resourcesVpcConfig: object, params: readonly object[] = []) =>
  eks(
    'UpdateClusterConfig',
    { name: 'shop', resourcesVpcConfig },
    { update: { status: 'InProgress', params } },
  );
const office = { allowedCidrs: ['203.0.113.0/24', '2001:db8::/32'] };

describe('a new cluster', () => {
  it('is public to everyone where nothing is said', async () => {
    const { verdict, evidence } = await last(control, [create({})]);
    expect([verdict, evidence.summary]).toEqual(['FAIL', expect.stringContaining('0.0.0.0/0')]);
  });

  it('passes when private', async () => {
    expect(await verdicts(control, [create({ endpointPublicAccess: false })])).toEqual(['PASS']);
  });

  it('is evaluated by the answer rather than the request', async () => {
    const record = create({ endpointPublicAccess: true }, { endpointPublicAccess: false });
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });

  it('fails when public to anyone, where the policy allows no address', async () => {
    expect(await verdicts(control, [create({ publicAccessCidrs: ['203.0.113.5/32'] })])).toEqual(['FAIL']);
  });

  it.each([
    [['203.0.113.0/24'], 'PASS'],
    [['203.0.113.5/32', '2001:db8:1::/48'], 'PASS'],
    [['203.0.113.5/32', '198.51.100.7/32'], 'FAIL'],
    [['203.0.112.0/23'], 'FAIL'],
    [['203.0.112.0/24', '203.0.113.0/24'], 'FAIL'],
    [['0.0.0.0/0'], 'FAIL'],
    [['::/0'], 'FAIL'],
    [[], 'FAIL'],
    [['203.0.113.5/32', 'hidden'], 'UNKNOWN'],
    [['203.0.113.5/32', 7], 'UNKNOWN'],
  ])('public to %j, where the office is allowed: %s', async (publicAccessCidrs, verdict) => {
    expect(await verdicts(control, [create({ publicAccessCidrs })], office)).toEqual([verdict]);
  });

  it('passes when allowed blocks cover together what it is public to', async () => {
    const record = create({ publicAccessCidrs: ['203.0.113.0/24'] });
    const halves = { allowedCidrs: ['203.0.113.0/25', '203.0.113.128/25'] };
    expect(await verdicts(control, [record], halves)).toEqual(['PASS']);
  });

  it('is evaluated by a single CIDR block that is written without a list', async () => {
    expect(await verdicts(control, [create({ publicAccessCidrs: '203.0.113.0/24' })], office)).toEqual([
      'PASS',
    ]);
  });

  it('admits IPv6 too by default, where the cluster is an IPv6 one', async () => {
    const record = eks('CreateCluster', { name: 'shop', kubernetesNetworkConfig: { ipFamily: 'ipv6' } });
    expect(await verdicts(control, [record], { allowedCidrs: ['0.0.0.0/0'] })).toEqual(['FAIL']);
  });

  it('is unknown where CloudTrail left the request out', async () => {
    const record = eks('CreateCluster', null, { cluster: { name: 'shop' } });
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });

  it('is none of ours when it has no name', async () => {
    expect(await verdicts(control, [eks('CreateCluster', {})])).toEqual([]);
  });
});

describe('a changed cluster', () => {
  it('passes when it is made private', async () => {
    expect(await verdicts(control, [create({}), update({ endpointPublicAccess: false })])).toEqual([
      'FAIL',
      'PASS',
    ]);
  });

  it('keeps its CIDR blocks when public access is switched on without any', async () => {
    const records = [
      create({ publicAccessCidrs: ['203.0.113.0/24'] }),
      update({ endpointPublicAccess: false }),
      update({ endpointPublicAccess: true }),
    ];
    expect(await verdicts(control, records, office)).toEqual(['PASS', 'PASS', 'PASS']);
  });

  it('is public to everyone when it was made private and then opened without CIDR blocks', async () => {
    const records = [
      create({ endpointPublicAccess: false }, { endpointPublicAccess: false, publicAccessCidrs: [] }),
      update({ endpointPublicAccess: true }),
    ];
    expect(await verdicts(control, records, office)).toEqual(['PASS', 'FAIL']);
  });

  it('keeps its public access when only the CIDR blocks change', async () => {
    const records = [create({}), update({ publicAccessCidrs: ['198.51.100.0/24'] })];
    expect((await last(control, records, office)).evidence.summary).toContain('198.51.100.0/24');
  });

  it('is not evaluated again for an update of something else', async () => {
    const records = [create({ endpointPublicAccess: false }), update({ subnetIds: ['subnet-1'] })];
    expect(await verdicts(control, records)).toEqual(['PASS']);
  });

  it('is left as it was by an update of its private access', async () => {
    const records = [create({}), update({ endpointPrivateAccess: true })];
    expect(await verdicts(control, records)).toEqual(['FAIL', 'FAIL']);
  });

  it('is left as it was by an update that failed', async () => {
    const failed = eks(
      'UpdateClusterConfig',
      { name: 'shop', resourcesVpcConfig: { endpointPublicAccess: false } },
      { update: { status: 'Failed' } },
    );
    expect(await verdicts(control, [create({}), failed])).toEqual(['FAIL', 'FAIL']);
  });
});

describe('a cluster not seen before', () => {
  it.each([
    [{ deletionProtection: true }],
    [{ logging: { clusterLogging: [{ types: ['api'], enabled: true }] } }],
    [{ resourcesVpcConfig: { subnetIds: ['subnet-1'], securityGroupIds: [] } }],
    [{ resourcesVpcConfig: null }],
  ])('is no matter of an update of %j', async (setting) => {
    const record = eks('UpdateClusterConfig', { name: 'shop', ...setting });
    expect(await verdicts(control, [record])).toEqual([]);
  });

  it('is no matter of an update whose answer tells of something else', async () => {
    const record = eks('UpdateClusterConfig', null, {
      cluster: { name: 'shop' },
      update: { params: [{ type: 'ClusterLogging', value: '{}' }] },
    });
    expect(await verdicts(control, [record])).toEqual([]);
  });

  it('is unknown where no source says what was updated', async () => {
    const record = eks('UpdateClusterConfig', { name: 'shop', omitted: true });
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });

  it('fails when it is made public and the policy allows no address, whatever its CIDR blocks', async () => {
    expect(await verdicts(control, [update({ endpointPublicAccess: true })])).toEqual(['FAIL']);
  });

  it('is unknown when it is made public, to whom the trail does not tell', async () => {
    expect(await verdicts(control, [update({ endpointPublicAccess: true })], office)).toEqual(['UNKNOWN']);
  });

  it('is evaluated by the CIDR blocks that the answer tells', async () => {
    const record = update({ endpointPublicAccess: true }, [
      { type: 'EndpointPublicAccess', value: 'true' },
      { type: 'publicAccessCidrs', value: '["203.0.113.5/32"]' },
    ]);
    expect(await verdicts(control, [record], office)).toEqual(['PASS']);
  });

  it('is evaluated by the public access that the answer tells', async () => {
    const record = update({}, [{ type: 'EndpointPublicAccess', value: 'false' }]);
    expect(await verdicts(control, [record])).toEqual(['PASS']);
  });

  it('passes when its CIDR blocks are all allowed, public or not', async () => {
    expect(await verdicts(control, [update({ publicAccessCidrs: ['203.0.113.5/32'] })], office)).toEqual([
      'PASS',
    ]);
  });

  it('is unknown when its CIDR blocks are not allowed and it may be private', async () => {
    expect(await verdicts(control, [update({ publicAccessCidrs: ['0.0.0.0/0'] })])).toEqual(['UNKNOWN']);
  });
});

it.each([['203.0.113.5'], ['203.0.113.0/99'], ['office']])('takes no setting %s', (cidr) => {
  expect(control.settings.safeParse({ allowedCidrs: [cidr] }).success).toBe(false);
});

it('ends with DeleteCluster', () => {
  expect(deletedResources(control, sample(control.id, 'deletion-cluster-deleted'))).toHaveLength(1);
});

it('never throws, whatever the events hold', async () => {
  const records = [
    create(
      { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] },
      { endpointPublicAccess: true },
    ),
    update({ endpointPublicAccess: true }, [{ type: 'PublicAccessCidrs', value: '["203.0.113.5/32"]' }]),
  ];
  await survivesMutations(control, records, office);
});
