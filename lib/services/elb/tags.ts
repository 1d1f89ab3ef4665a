/** How load balancers and listeners are tagged: AddTags, RemoveTags. */
import {
  AddTagsCommand,
  DescribeTagsCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { fromPairs } from '../../aws/facts/tags.ts';
import { unlessDeleted } from '../../aws/refusal.ts';
import type { TagAdapter } from '../../core/action.ts';
import type { ArnResource } from '../../core/control.ts';
import { type IamAction, onlyPolicyTags, type Write } from '../../core/write.ts';

function writesTags(action: IamAction, resource: string): Write {
  return { action, on: [{ service: 'elasticloadbalancing', resource }], condition: onlyPolicyTags };
}

/** @param all the ARNs of all resources of the type, without what precedes the type: `listener/*`. */
const byArn = (all: string): TagAdapter<ArnResource> => ({
  permissions: {
    reads: ['elasticloadbalancing:DescribeTags'],
    set: writesTags('elasticloadbalancing:AddTags', all),
    remove: writesTags('elasticloadbalancing:RemoveTags', all),
  },
  async read({ arn }, { clients }) {
    const answer = await unlessDeleted(() =>
      clients.elbv2.send(new DescribeTagsCommand({ ResourceArns: [arn] })),
    );
    const found = answer?.TagDescriptions?.find(({ ResourceArn }) => ResourceArn === arn);
    return found && { tags: fromPairs(found.Tags ?? []) };
  },
  async set({ arn }, tags, { clients }) {
    await clients.elbv2.send(
      new AddTagsCommand({
        ResourceArns: [arn],
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
  },
  async remove({ arn }, names, { clients }) {
    await clients.elbv2.send(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys: [...names] }));
  },
});

export const tagAdapters = {
  AwsElbv2LoadBalancer: byArn('loadbalancer/*'),
  AwsElbv2Listener: byArn('listener/*'),
};
