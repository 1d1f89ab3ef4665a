/** Reading and writing the tags of each kind of resource that bears any. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  TagResourceCommand as TagEksResource,
  UntagResourceCommand as UntagEksResource,
} from '@aws-sdk/client-eks';
import {
  ListResourceTagsCommand,
  TagResourceCommand as TagKey,
  UntagResourceCommand as UntagKey,
} from '@aws-sdk/client-kms';
import { unlessDeleted } from '../../../aws/refusal.ts';
import type { ActionDeps } from '../../../core/action.ts';
import type { Resource, ResourceType } from '../../../core/control.ts';
import { describeKey, isPendingDeletion } from '../../../services/kms/fixes/kms-key.ts';
import type { Tags } from './values.ts';

/** The tags of a resource that is there. */
export interface Tagged {
  readonly tags: Tags;
  /** Why they can't be changed now, as a clause. */
  readonly obstacle?: string;
}

export interface TagAdapter {
  /** `undefined` when the resource was deleted, or about to go. */
  read(resource: Resource, deps: ActionDeps): Promise<Tagged | undefined>;
  set(resource: Resource, tags: Tags, deps: ActionDeps): Promise<void>;
  remove(resource: Resource, names: readonly string[], deps: ActionDeps): Promise<void>;
}

export const tagReads: readonly string[] = [
  'ec2:DescribeInstances',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeSnapshots',
  'ec2:DescribeVolumes',
  'eks:DescribeCluster',
  'eks:DescribeNodegroup',
  'kms:DescribeKey',
  'kms:ListResourceTags',
];
export const tagWrites: readonly string[] = ['ec2:CreateTags', 'eks:TagResource', 'kms:TagResource'];
export const untagWrites: readonly string[] = ['ec2:DeleteTags', 'eks:UntagResource', 'kms:UntagResource'];

/** EC2 tells a resource's tags with the resource. */
function ec2Bearer(
  describe: (id: string, deps: ActionDeps) => Promise<{ readonly Tags?: Tag[] | undefined } | undefined>,
): TagAdapter {
  return {
    async read({ id }, deps) {
      const found = await unlessDeleted(() => describe(id, deps));
      return found && { tags: fromPairs(found.Tags ?? []) };
    },
    async set({ id }, tags, { clients }) {
      await clients.ec2.send(
        new CreateTagsCommand({
          Resources: [id],
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
    },
    async remove({ id }, names, { clients }) {
      await clients.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: names.map((Key) => ({ Key })) }));
    },
  };
}

function fromPairs(pairs: readonly Tag[]): Tags {
  return Object.fromEntries(
    pairs.flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value]])),
  );
}

/** EC2 tells of a terminated instance for about an hour. Source: EC2 User Guide, "Instance state changes". */
const instances = ec2Bearer(async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = answer.Reservations?.[0]?.Instances?.[0];
  const state = instance?.State?.Name;
  return state === 'terminated' || state === 'shutting-down' ? undefined : instance;
});

const volumes = ec2Bearer(async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return answer.Volumes?.[0];
});

const snapshots = ec2Bearer(async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
  return answer.Snapshots?.[0];
});

const launchTemplates = ec2Bearer(async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] }));
  return answer.LaunchTemplates?.[0];
});

/** EKS names by ARN what is tagged; that of a node group ends in an id that only EKS knows. */
function eksBearer(
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
): TagAdapter {
  const arnOf = async (resource: Resource, deps: ActionDeps) =>
    (await unlessDeleted(() => describe(resource.id, deps)))?.arn;
  return {
    async read({ id }, deps) {
      const found = await unlessDeleted(() => describe(id, deps));
      return found === undefined || found.status === 'DELETING' ? undefined : { tags: found.tags ?? {} };
    },
    async set(resource, tags, deps) {
      const resourceArn = await arnOf(resource, deps);
      if (resourceArn === undefined) return;
      await deps.clients.eks.send(new TagEksResource({ resourceArn, tags: { ...tags } }));
    },
    async remove(resource, names, deps) {
      const resourceArn = await arnOf(resource, deps);
      if (resourceArn === undefined) return;
      await deps.clients.eks.send(new UntagEksResource({ resourceArn, tagKeys: [...names] }));
    },
  };
}

const clusters = eksBearer(async (name, { clients }) => {
  const { cluster } = await clients.eks.send(new DescribeClusterCommand({ name }));
  return cluster && { arn: cluster.arn, tags: cluster.tags, status: cluster.status };
});

/** A node group's id is `<cluster>/<node group>`. */
const nodegroups = eksBearer(async (id, { clients }) => {
  const [clusterName, nodegroupName] = id.split('/');
  const { nodegroup } = await clients.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
  return nodegroup && { arn: nodegroup.nodegroupArn, tags: nodegroup.tags, status: nodegroup.status };
});

/** KMS takes no tags of a key that is pending deletion. Source: AWS KMS Developer Guide, "Key states of AWS KMS keys". */
const keys: TagAdapter = {
  async read(resource, deps) {
    const key = await describeKey(resource, deps);
    if (key === undefined) return undefined;
    const tags: [string, string][] = [];
    let marker: string | undefined;
    do {
      const answer = await deps.clients.kms.send(
        new ListResourceTagsCommand({
          KeyId: resource.id,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      );
      for (const { TagKey: name, TagValue: value } of answer.Tags ?? []) {
        if (name !== undefined) tags.push([name, value ?? '']);
      }
      marker = answer.Truncated === true ? answer.NextMarker : undefined;
    } while (marker !== undefined);
    return {
      tags: Object.fromEntries(tags),
      ...(isPendingDeletion(key) ? { obstacle: 'KMS takes no tags of a key that is pending deletion' } : {}),
      ...(key.KeyManager === 'AWS' ? { obstacle: 'AWS manages the key' } : {}),
    };
  },
  async set({ id }, tags, { clients }) {
    await clients.kms.send(
      new TagKey({
        KeyId: id,
        Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      }),
    );
  },
  async remove({ id }, names, { clients }) {
    await clients.kms.send(new UntagKey({ KeyId: id, TagKeys: [...names] }));
  },
};

const tagAdapters: Partial<Readonly<Record<ResourceType, TagAdapter>>> = {
  AwsEc2Instance: instances,
  AwsEc2Volume: volumes,
  AwsEc2Snapshot: snapshots,
  AwsEc2LaunchTemplate: launchTemplates,
  AwsEksCluster: clusters,
  AwsEksNodegroup: nodegroups,
  AwsKmsKey: keys,
};

/** How the resource bears tags; `undefined` of a kind that bears none, as accounts and KMS grants. */
export function tagAdapterOf({ type }: Resource): TagAdapter | undefined {
  return tagAdapters[type];
}
