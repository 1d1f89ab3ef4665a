/** How EKS's resources are tagged: TagResource, UntagResource. */
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eks';
import { unlessDeleted } from '../../aws/refusal.ts';
import type { ActionDeps, TagAdapter } from '../../core/action.ts';
import type { ArnResource } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';
import { type IamAction, onlyPolicyTags, type Write } from '../../core/write.ts';

function writesTags(action: IamAction, resource: string): Write {
  return { action, on: [{ service: 'eks', resource }], condition: onlyPolicyTags };
}

/** EKS's tag calls take ARNs; that of a node group ends in an id that only EKS knows. */
function eksAdapter(
  read: string,
  resource: string,
  describe: (
    id: string,
    deps: ActionDeps,
  ) => Promise<
    | {
        readonly arn: string | undefined;
        readonly tags: Tags | undefined;
        readonly status: string | undefined;
      }
    | undefined
  >,
): TagAdapter<ArnResource> {
  const arnOf = async (resource: ArnResource, deps: ActionDeps) =>
    (await unlessDeleted(() => describe(resource.id, deps)))?.arn;
  return {
    permissions: {
      reads: [read],
      set: writesTags('eks:TagResource', resource),
      remove: writesTags('eks:UntagResource', resource),
    },
    async read({ id }, deps) {
      const found = await unlessDeleted(() => describe(id, deps));
      return found === undefined || found.status === 'DELETING' ? undefined : { tags: found.tags ?? {} };
    },
    async set(resource, tags, deps) {
      const resourceArn = await arnOf(resource, deps);
      if (resourceArn === undefined) return;
      await deps.clients.eks.send(new TagResourceCommand({ resourceArn, tags: { ...tags } }));
    },
    async remove(resource, names, deps) {
      const resourceArn = await arnOf(resource, deps);
      if (resourceArn === undefined) return;
      await deps.clients.eks.send(new UntagResourceCommand({ resourceArn, tagKeys: [...names] }));
    },
  };
}

const clusters = eksAdapter('eks:DescribeCluster', 'cluster/*', async (name, { clients }) => {
  const { cluster } = await clients.eks.send(new DescribeClusterCommand({ name }));
  return cluster && { arn: cluster.arn, tags: cluster.tags, status: cluster.status };
});

/** A node group's id is `<cluster>/<node group>`. */
const nodegroups = eksAdapter('eks:DescribeNodegroup', 'nodegroup/*', async (id, { clients }) => {
  const [clusterName, nodegroupName] = id.split('/');
  const { nodegroup } = await clients.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
  return nodegroup && { arn: nodegroup.nodegroupArn, tags: nodegroup.tags, status: nodegroup.status };
});

export const tagAdapters = { AwsEksCluster: clusters, AwsEksNodegroup: nodegroups };
