/** Fixes of EKS clusters, over an EKS that takes its time: moto's is done at once, and fails never. */
import { describe, expect, it } from 'vitest';
import { enableAuditLogging } from '../../../../lib/services/eks/fixes/enable-audit-logging.ts';
import { restrictEndpoint } from '../../../../lib/services/eks/fixes/restrict-endpoint.ts';
import { acting, targetOf } from '../../../remediation/actions/acting.ts';
import { clusterArn, fakeEks } from './fake-eks.ts';

const allowedCidrs = ['203.0.113.0/24'];

function endpoint(settings: unknown = { allowedCidrs }, behaviour: Parameters<typeof fakeEks>[1] = {}) {
  const fixture = acting(restrictEndpoint);
  const eks = fakeEks(fixture.deps.clients.eks, behaviour);
  return {
    ...fixture,
    eks,
    target: targetOf('eks-endpoint-access', 'AwsEksCluster', 'app', clusterArn, settings),
  };
}

function logging() {
  const fixture = acting(enableAuditLogging);
  const eks = fakeEks(fixture.deps.clients.eks);
  return { ...fixture, eks, target: targetOf('eks-audit-logging', 'AwsEksCluster', 'app', clusterArn) };
}

describe('an update of a cluster', () => {
  it('is waited for', async () => {
    const { eks, waits, target, carryOut } = endpoint(undefined, { reads: 3 });
    const { kind } = await carryOut(target);
    expect([kind, waits.length, eks.updates]).toEqual(['done', 3, 1]);
  });

  it('that the status of the cluster does not show yet is not asked for again', async () => {
    const { eks, target, carryOut } = endpoint(undefined, { reads: 3, hides: true });
    const { kind } = await carryOut(target);
    expect([kind, eks.updates]).toEqual(['done', 1]);
  });

  it('is under way when it takes more than four minutes', async () => {
    const { target, carryOut } = endpoint(undefined, { reads: 1_000 });
    expect(await carryOut(target)).toMatchObject({ kind: 'under-way', actionRun: { status: 'begun' } });
  });

  it('that was under way is waited for by the next run, and not asked for again', async () => {
    const { eks, target, carryOut } = endpoint(undefined, { reads: 30 });
    await carryOut(target);
    const { kind } = await carryOut(target);
    expect([kind, eks.updates]).toEqual(['done', 1]);
  });

  it('that EKS gives up is partially completed, with the reason', async () => {
    const { target, carryOut } = endpoint(undefined, { reads: 2, fails: true });
    expect(await carryOut(target)).toMatchObject({
      kind: 'partially-completed',
      because:
        'AWS did not do all of it: Error (EKS ended update update-1 of cluster app as Failed: AccessDenied (no role)).',
    });
  });

  it('is not asked for where the cluster was deleted meanwhile', async () => {
    const { eks, target, carryOut } = endpoint();
    eks.exists = false;
    const { kind } = await carryOut(target);
    expect([kind, eks.updates]).toEqual(['skipped', 0]);
  });

  it('is not asked for while another one is under way', async () => {
    const { eks, target, carryOut } = endpoint();
    eks.cluster.status = 'UPDATING';
    expect(await carryOut(target)).toEqual({
      kind: 'skipped',
      because: 'Cluster app is UPDATING, and only an active one can be updated.',
    });
  });
});

describe('restricting an endpoint', () => {
  it('leaves it public to the allowed blocks, and opens the private one', async () => {
    const { eks, target, carryOut } = endpoint();
    await carryOut(target);
    expect(eks.cluster.resourcesVpcConfig).toEqual({
      endpointPublicAccess: true,
      endpointPrivateAccess: true,
      publicAccessCidrs: allowedCidrs,
    });
  });

  it('leaves a public endpoint closed that somebody closes meanwhile', async () => {
    const { eks, target, carryOut } = endpoint(undefined, {
      beforeUpdate: (cluster) => {
        cluster.resourcesVpcConfig = { ...cluster.resourcesVpcConfig, endpointPublicAccess: false };
      },
    });
    await carryOut(target);
    expect(eks.cluster.resourcesVpcConfig?.endpointPublicAccess).toBe(false);
  });

  it('is undone to what was there', async () => {
    const { eks, target, carryOut, undo } = endpoint();
    await carryOut(target);
    await undo(target);
    expect(eks.cluster.resourcesVpcConfig).toEqual({
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
    });
  });

  it('is skipped where the policy allows no block', async () => {
    const { target, carryOut } = endpoint({});
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('is skipped where the policy allows IPv6 only, and the cluster is of IPv4', async () => {
    const { target, carryOut } = endpoint({ allowedCidrs: ['2001:db8::/32'] });
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('is needless where the endpoint is public only to allowed blocks', async () => {
    const { eks, target, carryOut } = endpoint();
    eks.cluster.resourcesVpcConfig = { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.7/32'] };
    expect((await carryOut(target)).kind).toBe('needless');
  });

  it('is needless where the endpoint is private', async () => {
    const { eks, target, carryOut } = endpoint();
    eks.cluster.resourcesVpcConfig = { endpointPublicAccess: false };
    expect((await carryOut(target)).kind).toBe('needless');
  });
});

describe('switching audit logs on', () => {
  it('leaves the other logs as they are', async () => {
    const { eks, target, carryOut } = logging();
    eks.cluster.logging = {
      clusterLogging: [
        { types: ['api', 'audit'], enabled: true },
        { types: ['authenticator'], enabled: false },
      ],
    };
    await carryOut(target);
    expect(onIn(eks.cluster)).toEqual(['api', 'audit', 'authenticator']);
  });

  it('is undone for those that it switched on', async () => {
    const { eks, target, carryOut, undo } = logging();
    eks.cluster.logging = {
      clusterLogging: [
        { types: ['api', 'audit'], enabled: true },
        { types: ['authenticator'], enabled: false },
      ],
    };
    await carryOut(target);
    await undo(target);
    expect(onIn(eks.cluster)).toEqual(['api', 'audit']);
  });
});

function onIn({ logging: setup }: ReturnType<typeof fakeEks>['cluster']): readonly string[] {
  return (setup?.clusterLogging ?? []).flatMap(({ types = [], enabled }) => (enabled ? types : [])).sort();
}
