import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import { controlsIn, countWith, tagsFor, tagValue } from '../../../lib/remediation/actions/tag/values.ts';
import { tag } from '../../../lib/remediation/actions/tag.ts';
import { clusterArn, fakeEks, nodegroupArn } from '../../services/eks/fixes/fake-eks.ts';
import { acting, targetOf } from './acting.ts';
import { accountRegion } from './simulated-resource.ts';

const resource: Resource = { type: 'AwsEc2Volume', id: 'vol-1', arn: 'arn', ...accountRegion };
const at = '2026-11-21T10:00:00.000Z';

describe('the tags of a resource', () => {
  it('name the controls that it fails in order, and the finding of the first', () => {
    expect(tagsFor(resource, ['b-control', 'a-control'], at, 'trailseal:')).toEqual({
      'trailseal:status': 'failed',
      'trailseal:controls': 'a-control b-control',
      'trailseal:finding': `trailseal/a-control/${accountRegion.account}/${accountRegion.region}/vol-1`,
      'trailseal:at': at,
    });
  });

  it('are none when it fails none', () => {
    expect(tagsFor(resource, [], at, 'trailseal:')).toEqual({});
  });

  it('are undefined when the list of controls is too long for a tag', () => {
    const controls = Array.from({ length: 20 }, (_, index) => `some-control-${index}`);
    expect(tagsFor(resource, controls, at, 'trailseal:')).toBeUndefined();
  });

  it('give the controls back, whatever they are', () => {
    const controls = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(controls, (all) => {
        expect(controlsIn(tagsFor(resource, all, at, 'x:') ?? {}, 'x:')).toEqual(all.toSorted());
      }),
    );
  });

  it('that somebody else set by these names are not taken for ours', () => {
    expect(controlsIn({ 'trailseal:status': 'fine' }, 'trailseal:')).toBeUndefined();
  });

  it('count towards the limit without those of AWS, and once where they exist already', () => {
    expect(
      countWith({ 'aws:cloudformation:stack-name': 'a', owner: 'b' }, { owner: 'c', 'trailseal:at': at }),
    ).toBe(2);
  });
});

describe('a value', () => {
  it('that AWS accepts stays as it is', () => {
    expect(tagValue('trailseal/a-control/1/eu-central-1/i-1:/dev/sdb')).toBe(
      'trailseal/a-control/1/eu-central-1/i-1:/dev/sdb',
    );
  });

  it('is one that EC2, EKS and KMS accept, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(tagValue(text)).toMatch(/^[A-Za-z0-9 +\-=._:/@]{0,256}$/);
      }),
      { numRuns: 50 },
    );
  });

  it('that was changed stays one of a kind', () => {
    expect(tagValue('a#')).not.toBe(tagValue('a?'));
  });
});

function tagging(type: Resource['type'], id: string, arn: string, settings: unknown = {}) {
  const key = acting(tag);
  return { ...key, target: targetOf('a-control', type, id, arn, settings) };
}

function instance(more: Partial<Instance>) {
  const key = tagging(
    'AwsEc2Instance',
    'i-1',
    `arn:aws:ec2:${accountRegion.region}:${accountRegion.account}:instance/i-1`,
  );
  mockClient(key.deps.clients.ec2)
    .on(DescribeInstancesCommand)
    .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-1', ...more }] }] });
  return key;
}

describe('tagging', () => {
  it('a node group uses the ARN that only EKS knows', async () => {
    const key = tagging('AwsEksNodegroup', 'app/blue', nodegroupArn.replace('/0fc0ffee', ''));
    const eks = fakeEks(key.deps.clients.eks);
    await key.carryOut(key.target);
    expect(eks.nodegroupTags['trailseal:controls']).toBe('a-control');
  });

  it('a node group is undone', async () => {
    const key = tagging('AwsEksNodegroup', 'app/blue', nodegroupArn);
    const eks = fakeEks(key.deps.clients.eks);
    eks.nodegroupTags['owner'] = 'ana';
    await key.carryOut(key.target);
    await key.undo(key.target);
    expect(eks.nodegroupTags).toEqual({ owner: 'ana' });
  });

  it('a cluster is undone', async () => {
    const key = tagging('AwsEksCluster', 'app', clusterArn);
    const eks = fakeEks(key.deps.clients.eks);
    await key.carryOut(key.target);
    await key.undo(key.target);
    expect(eks.cluster.tags).toEqual({});
  });

  it('uses the prefix of the policy', async () => {
    const key = tagging('AwsEksCluster', 'app', clusterArn, { prefix: 'sec/' });
    const eks = fakeEks(key.deps.clients.eks);
    await key.carryOut(key.target);
    expect(Object.keys(eks.cluster.tags ?? {}).sort()).toEqual([
      'sec/at',
      'sec/controls',
      'sec/finding',
      'sec/status',
    ]);
  });

  it('is skipped for a terminated instance', async () => {
    const { target, carryOut } = instance({ State: { Name: 'terminated' } });
    expect(await carryOut(target)).toEqual({ kind: 'skipped', because: 'i-1 was deleted.' });
  });

  it('is skipped for what has 50 tags', async () => {
    const Tags = Array.from({ length: 47 }, (_, index) => ({ Key: `tag-${index}`, Value: '' }));
    const { target, carryOut } = instance({ State: { Name: 'running' }, Tags });
    expect(await carryOut(target)).toEqual({
      kind: 'skipped',
      because: 'i-1 has as many tags as AWS allows (50).',
    });
  });

  it('is skipped where tags of these names are not of Trailseal', async () => {
    const Tags = [{ Key: 'trailseal:controls', Value: 'none' }];
    const { target, carryOut } = instance({ State: { Name: 'running' }, Tags });
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('is skipped for a key that is pending deletion', async () => {
    const arn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/k`;
    const { target, deps, carryOut } = tagging('AwsKmsKey', 'k', arn);
    mockClient(deps.clients.kms)
      .on(DescribeKeyCommand)
      .resolves({ KeyMetadata: { KeyId: 'k', KeyState: 'PendingDeletion' } })
      .on(ListResourceTagsCommand)
      .resolves({ Tags: [] });
    expect(await carryOut(target)).toEqual({
      kind: 'skipped',
      because: "k can't be tagged: KMS takes no tags of a key that is pending deletion.",
    });
  });

  it('is skipped for what can’t have tags', async () => {
    const arn = `arn:aws:iam::${accountRegion.account}:root`;
    const { target, carryOut } = tagging('AwsAccount', accountRegion.account, arn);
    expect((await carryOut(target)).kind).toBe('skipped');
  });
});
