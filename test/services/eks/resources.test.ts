import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eksAuditLogging } from '../../../lib/services/eks/controls/eks-audit-logging.ts';
import { eksEndpointAccess } from '../../../lib/services/eks/controls/eks-endpoint-access.ts';
import { eksSecretsEncryption } from '../../../lib/services/eks/controls/eks-secrets-encryption.ts';
import { cluster, nodegroup } from '../../../lib/services/eks/resources.ts';
import { eventOf } from '../../evaluating.ts';
import { verdicts } from '../evaluations.ts';
import { eks } from './controls/events.ts';

const clusterOf = (request: unknown, response: unknown = null) =>
  cluster(eventOf(eks('CreateCluster', request, response)))[0];

describe('the cluster of an event', () => {
  it.each([
    [{ name: 'shop' }, null],
    [{ clusterName: 'shop' }, null],
    [{ name: 'shop', clusterName: 'other' }, null],
    [null, { cluster: { name: 'shop' } }],
    [null, { cluster: { clusterName: 'shop' } }],
    [{ name: '%73hop' }, null],
  ])('is named in request %j, answer %j', (request, response) => {
    expect(clusterOf(request, response)?.id).toBe('shop');
  });

  it('keeps a name that is no good encoding', () => {
    expect(clusterOf({ name: '50%' })?.id).toBe('50%');
  });

  it('has an ARN built from account and Region', () => {
    expect(clusterOf({ name: 'shop' })?.arn).toBe('arn:aws:eks:eu-west-1:111122223333:cluster/shop');
  });

  it('belongs to the account and Region of its own ARN', () => {
    const arn = 'arn:aws-us-gov:eks:us-gov-west-1:444455556666:cluster/shop';
    expect(clusterOf({ name: 'shop' }, { cluster: { arn } })).toMatchObject({
      arn,
      account: '444455556666',
      region: 'us-gov-west-1',
    });
  });

  it.each([
    ['{arn-aws}eks:region-code:111122223333:cluster/shop'],
    ['arn:aws:eks:eu-west-1:111122223333:cluster/other'],
    ['arn:aws:eks::111122223333:cluster/shop'],
    ['arn:aws:eks:eu-west-1:HIDDEN:cluster/shop'],
    ['arn:aws:ecs:eu-west-1:111122223333:cluster/shop'],
  ])('does not trust %s', (arn) => {
    expect(clusterOf({ name: 'shop' }, { cluster: { arn } })?.arn).toBe(
      'arn:aws:eks:eu-west-1:111122223333:cluster/shop',
    );
  });

  it('has the tags that the request gives it', () => {
    expect(clusterOf({ name: 'shop', tags: { team: 'a', size: 3 } })?.tags).toEqual({ team: 'a' });
  });
});

describe('the node group of an event', () => {
  it('takes account, Region and cluster from its own ARN', () => {
    const nodegroupArn = 'arn:aws-cn:eks:cn-north-1:444455556666:nodegroup/shop/nodes/1234';
    const [resource] = nodegroup(
      eventOf(
        eks('CreateNodegroup', { name: 'shop', nodegroupName: 'nodes' }, { nodegroup: { nodegroupArn } }),
      ),
    );
    expect(resource).toEqual({
      type: 'AwsEksNodegroup',
      id: 'shop/nodes',
      arn: nodegroupArn,
      account: '444455556666',
      region: 'cn-north-1',
      partOf: 'arn:aws-cn:eks:cn-north-1:444455556666:cluster/shop',
    });
  });

  it.each([[{ name: 'shop' }], [{ nodegroupName: 'nodes' }], [null]])('is none in %j', (request) => {
    expect(nodegroup(eventOf(eks('DeleteNodegroup', request)))).toEqual([]);
  });
});

const documented = path.join(
  import.meta.dirname,
  '../../../../shared/data/awsdocs-eks/understanding-service-name-entries.json',
);
describe.skipIf(!existsSync(documented))('AWS’s own sample of CreateCluster', () => {
  const record = () => JSON.parse(readFileSync(documented, 'utf8')) as unknown;

  it.each([
    [eksSecretsEncryption, 'FAIL'],
    [eksEndpointAccess, 'FAIL'],
    [eksAuditLogging, 'FAIL'],
  ])('$id', async (control, verdict) => {
    expect(await verdicts(control, [record()])).toEqual([verdict]);
  });

  it('names the cluster, whatever stands for its ARN', () => {
    expect(cluster(eventOf(record()))[0]?.arn).toBe('arn:aws:eks:region-code:111122223333:cluster/test');
  });
});
