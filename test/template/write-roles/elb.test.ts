/**
 * What the role that writes to load balancing may do, with a policy that asks for everything. The simulator knows AddTags
 * and RemoveTags of Classic Load Balancers alone, and no listeners: so the statement itself is held, by what AWS documents.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Elastic Load Balancing V2".
 */
import { describe, expect, it } from 'vitest';
import { madeWith } from '../made.ts';
import { type Call, mayCall } from '../simulate.ts';
import { account, one, policyOf, region, statementsIn } from '../template.ts';
import { everything } from './everything.ts';

const { resources } = await madeWith(everything.policy, everything.parameters);
const role = one(resources, 'ElbWriteRole');
const own = (resource: string) => `arn:aws:elasticloadbalancing:${region}:${account}:${resource}`;
const tags = { 'aws:TagKeys': ['trailseal:status'] };
const call = (operation: string, resource: string, context: Call['context'] = {}): Call => ({
  action: `elasticloadbalancing:${operation}`,
  resource,
  context,
});

describe('the role that writes to load balancing', () => {
  it('may write tags of the policy’s prefix on listeners of its account and Region, and nothing else', () => {
    const writes = statementsIn(policyOf(role)).filter(({ actions }) =>
      actions.some((action) => !/^elasticloadbalancing:Describe/.test(action)),
    );
    expect(writes).toMatchObject([
      {
        effect: 'Allow',
        actions: ['elasticloadbalancing:AddTags', 'elasticloadbalancing:RemoveTags'],
        resources: [own('listener/*')],
      },
    ]);
    expect(writes.map(({ conditions }) => conditions)).toEqual([
      {
        'ForAllValues:StringLike': {
          'aws:TagKeys': ['status', 'controls', 'finding', 'at'].map((name) => `trailseal:*${name}`),
        },
        Null: { 'aws:TagKeys': 'false' },
      },
    ]);
  });

  it.each([
    ['tag a load balancer, which no control evaluates', call('AddTags', own('loadbalancer/web'), tags)],
    ['change a listener', call('ModifyListener', own('listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2'))],
    [
      'take targets out of a group, as quarantine may',
      call('DeregisterTargets', own('targetgroup/web/73e2d6bc24d8a067')),
    ],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(role, refused)).toBe(false);
  });
});
