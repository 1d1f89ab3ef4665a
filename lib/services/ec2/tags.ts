/** How EC2's resources are tagged: CreateTags, DeleteTags. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { unlessDeleted } from '../../aws/refusal.ts';
import type { ActionDeps, TagAdapter } from '../../core/action.ts';
import type { Tags } from '../../core/fact-provider.ts';
import { onlyPolicyTags, type WriteTarget } from '../../core/write.ts';
import { allSnapshots, own } from './write-targets.ts';

/** What EC2 returns of a resource, with its tags. */
interface TaggedResource {
  readonly Tags?: Tag[] | undefined;
  /** The account that owns it, where EC2 says so: a shared snapshot is returned to others too. */
  readonly OwnerId?: string | undefined;
}

function ec2Adapter(
  read: string,
  target: WriteTarget,
  describe: (id: string, deps: ActionDeps) => Promise<TaggedResource | undefined>,
): TagAdapter {
  return {
    permissions: {
      reads: [read],
      set: { action: 'ec2:CreateTags', on: [target], condition: onlyPolicyTags },
      remove: { action: 'ec2:DeleteTags', on: [target], condition: onlyPolicyTags },
    },
    async read({ id, account }, deps) {
      const found = await unlessDeleted(() => describe(id, deps));
      if (found === undefined) return undefined;
      const { Tags = [], OwnerId: owner } = found;
      // A snapshot's ARN does not say whose it is.
      const others =
        owner !== undefined && owner !== account ? { obstacle: `it belongs to account ${owner}` } : {};
      return { tags: fromPairs(Tags), ...others };
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

/** EC2 returns a terminated instance for about an hour. Source: EC2 User Guide, "Instance state changes". */
const instances = ec2Adapter('ec2:DescribeInstances', own('instance/*'), async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = answer.Reservations?.[0]?.Instances?.[0];
  const state = instance?.State?.Name;
  return state === 'terminated' || state === 'shutting-down' ? undefined : instance;
});

const volumes = ec2Adapter('ec2:DescribeVolumes', own('volume/*'), async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return answer.Volumes?.[0];
});

const snapshots = ec2Adapter('ec2:DescribeSnapshots', allSnapshots, async (id, { clients }) => {
  const answer = await clients.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
  return answer.Snapshots?.[0];
});

const launchTemplates = ec2Adapter(
  'ec2:DescribeLaunchTemplates',
  own('launch-template/*'),
  async (id, { clients }) => {
    const answer = await clients.ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] }));
    return answer.LaunchTemplates?.[0];
  },
);

export const tagAdapters = {
  AwsEc2Instance: instances,
  AwsEc2Volume: volumes,
  AwsEc2Snapshot: snapshots,
  AwsEc2LaunchTemplate: launchTemplates,
};
