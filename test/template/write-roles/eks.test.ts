/** What the role that writes to EKS may do, and never may, with a policy that asks for everything. */
import { describe, expect, it } from 'vitest';
import { madeWith } from '../made.ts';
import { type Call, mayCall } from '../simulate.ts';
import { account, one, region } from '../template.ts';
import { everything } from './everything.ts';

const { resources } = await madeWith(everything.policy, everything.parameters);
const role = one(resources, 'EksWriteRole');
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
  action,
  resource,
  context,
});
const tags = { 'aws:TagKeys': ['trailseal:status', 'trailseal:at'] };
const cluster = own('eks', 'cluster/one');

describe('the role that writes to EKS', () => {
  it.each([
    ...['true', 'false'].flatMap((to) => [
      call('eks:UpdateClusterConfig', cluster, { 'eks:loggingType/audit': to }),
      call('eks:UpdateClusterConfig', cluster, {
        'eks:loggingType/api': to,
        'eks:loggingType/scheduler': to,
      }),
    ]),
    call('eks:TagResource', cluster, tags),
    call('eks:TagResource', own('eks', 'nodegroup/one/two/1234'), tags),
    call('eks:UntagResource', own('eks', 'nodegroup/one/two/1234'), tags),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(role, allowed)).toBe(true);
  });

  it.each([
    [
      'tag a cluster beside the policy’s prefix',
      call('eks:TagResource', cluster, { 'aws:TagKeys': ['trailseal:at', 'owner'] }),
    ],
    ['untag a cluster without saying which tags', call('eks:UntagResource', cluster)],
    ['tag a Fargate profile', call('eks:TagResource', own('eks', 'fargateprofile/one/two/1234'), tags)],
    ['update anything of a cluster that IAM does not know', call('eks:UpdateClusterConfig', cluster)],
    ...[
      { 'eks:endpointPublicAccess': 'true' },
      { 'eks:deletionProtection': 'false' },
      { 'eks:authenticationMode': 'CONFIG_MAP' },
      { 'eks:loggingType/audit': 'true', 'eks:endpointPublicAccess': 'true' },
      { 'eks:loggingType/audit': 'true', 'eks:deletionProtection': 'false' },
    ].map((context): [string, Call] => [
      `update a cluster with ${JSON.stringify(context)}`,
      call('eks:UpdateClusterConfig', cluster, context),
    ]),
    ['upgrade a cluster', call('eks:UpdateClusterVersion', cluster)],
    ['let somebody into a cluster', call('eks:CreateAccessEntry', cluster)],
    [
      'update a cluster in another Region',
      call('eks:UpdateClusterConfig', `arn:aws:eks:us-west-2:${account}:cluster/one`),
    ],
    ['enable a key', call('kms:EnableKey', own('kms', 'key/1234'))],
    ['tag an instance', call('ec2:CreateTags', own('ec2', 'instance/i-1'), tags)],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(role, refused)).toBe(false);
  });
});

describe('the role of the fix that restricts endpoints', () => {
  const ofFix = one(resources, 'EksRestrictEndpointWriteRole');
  const update = (context: Call['context']) => call('eks:UpdateClusterConfig', cluster, context);

  it('may switch the private endpoint on, with the address blocks that IAM does not know', async () => {
    expect(await mayCall(ofFix, update({ 'eks:endpointPrivateAccess': 'true' }))).toBe(true);
  });

  it.each([
    ['open a private endpoint', { 'eks:endpointPublicAccess': 'true' }],
    [
      'open it with the private one',
      { 'eks:endpointPublicAccess': 'true', 'eks:endpointPrivateAccess': 'true' },
    ],
    ['close the private one', { 'eks:endpointPrivateAccess': 'false' }],
    ['let the cluster be deleted', { 'eks:deletionProtection': 'false' }],
    ['switch logs off', { 'eks:loggingType/audit': 'false' }],
    ['update what IAM does not know', {}],
  ])('may not %s', async (_what, context) => {
    expect(await mayCall(ofFix, update(context))).toBe(false);
  });
});
