/** The listers of EC2's resources: DescribeInstances, DescribeVolumes, DescribeSnapshots, DescribeLaunchTemplates. */
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Tag,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { AccountRegion } from '../../core/account-region.ts';
import { arnOf, partitionOf } from '../../core/arn.ts';
import type { ArnResource, ArnResourceType } from '../../core/control.ts';
import { asked, type Lister, tokenIn } from '../../core/list.ts';

/** Pages of moderate size: EC2 returns up to 1,000 items at once, and times out where many are very large. */
const pageSize = 500;

interface DescribedPage<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

/** A lister by one Describe call. */
function described<T>(
  action: string,
  describe: (ec2: EC2Client, token: { readonly NextToken?: string }) => Promise<DescribedPage<T>>,
  resourceOf: (item: T, accountRegion: AccountRegion) => ArnResource | undefined,
): Lister {
  return {
    permissions: [action],
    async list({ ec2 }, accountRegion, token) {
      const { items, next } = await asked(action, accountRegion, () =>
        describe(ec2, token === undefined ? {} : { NextToken: token }),
      );
      return {
        resources: (items ?? []).flatMap((item) => resourceOf(item, accountRegion) ?? []),
        token: tokenIn(next),
        unlisted: [],
      };
    },
  };
}

/** All tags that a Describe call returned; an empty object without any. */
function tagsOf(tags: readonly Tag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (tags ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])),
  );
}

function inEc2(
  type: ArnResourceType,
  id: string,
  kind: string,
  tags: readonly Tag[] | undefined,
  { account, region }: AccountRegion,
): ArnResource {
  return {
    type,
    id,
    arn: arnOf('ec2', region, account, `${kind}/${id}`),
    account,
    region,
    tags: tagsOf(tags),
  };
}

/** The account in this Region, which has EBS settings of its own. Listing it needs no call. */
const account: Lister = {
  permissions: [],
  async list(_clients, accountRegion) {
    const arn = `arn:${partitionOf(accountRegion.region)}:iam::${accountRegion.account}:root`;
    return {
      resources: [
        {
          type: 'AwsAccount',
          id: accountRegion.account,
          arn,
          account: accountRegion.account,
          region: accountRegion.region,
        },
      ],
      token: undefined,
      unlisted: [],
    };
  },
};

/**
 * Instances, without those that are being terminated. Source: Amazon EC2 User Guide, "Amazon EC2 instance state
 * changes".
 */
const instances = described(
  'ec2:DescribeInstances',
  async (ec2, token) => {
    const answer = await ec2.send(
      new DescribeInstancesCommand({
        ...token,
        MaxResults: pageSize,
        Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }],
      }),
    );
    return {
      items: (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []),
      next: answer.NextToken,
    };
  },
  ({ InstanceId: id, Tags }, accountRegion) =>
    id === undefined ? undefined : inEc2('AwsEc2Instance', id, 'instance', Tags, accountRegion),
);

const volumes = described(
  'ec2:DescribeVolumes',
  async (ec2, token) => {
    const answer = await ec2.send(new DescribeVolumesCommand({ ...token, MaxResults: pageSize }));
    return { items: answer.Volumes, next: answer.NextToken };
  },
  (volume, accountRegion) => {
    const { VolumeId: id, State: state, Tags } = volume;
    if (id === undefined || state === 'deleting' || state === 'deleted') return undefined;
    const owner = ownerOf(volume);
    const resource = inEc2('AwsEc2Volume', id, 'volume', Tags, accountRegion);
    return owner === undefined
      ? resource
      : {
          ...resource,
          partOf: arnOf('ec2', accountRegion.region, accountRegion.account, `instance/${owner}`),
        };
  },
);

/** The instance whose termination deletes the volume. A volume that several instances share outlives each of them. */
function ownerOf({ Attachments: attachments = [] }: Volume): string | undefined {
  const [only] = attachments;
  return attachments.length === 1 && only?.DeleteOnTermination === true ? only.InstanceId : undefined;
}

/** The account's own snapshots; it cannot protect those of others that it may use. */
const snapshots = described(
  'ec2:DescribeSnapshots',
  async (ec2, token) => {
    const answer = await ec2.send(
      new DescribeSnapshotsCommand({ ...token, MaxResults: pageSize, OwnerIds: ['self'] }),
    );
    return { items: answer.Snapshots, next: answer.NextToken };
  },
  // A snapshot's ARN contains no account. Source: Service Authorization Reference, "Amazon EC2": resource types.
  ({ SnapshotId: id, Tags }, accountRegion) =>
    id === undefined
      ? undefined
      : {
          ...inEc2('AwsEc2Snapshot', id, 'snapshot', Tags, accountRegion),
          arn: arnOf('ec2', accountRegion.region, '', `snapshot/${id}`),
        },
);

const launchTemplates = described(
  'ec2:DescribeLaunchTemplates',
  async (ec2, token) => {
    // Source: EC2 API Reference, "DescribeLaunchTemplates": MaxResults is between 1 and 200.
    const answer = await ec2.send(new DescribeLaunchTemplatesCommand({ ...token, MaxResults: 200 }));
    return { items: answer.LaunchTemplates, next: answer.NextToken };
  },
  ({ LaunchTemplateId: id, Tags }, accountRegion) =>
    id === undefined ? undefined : inEc2('AwsEc2LaunchTemplate', id, 'launch-template', Tags, accountRegion),
);

export const listers = {
  AwsAccount: account,
  AwsEc2Instance: instances,
  AwsEc2Volume: volumes,
  AwsEc2Snapshot: snapshots,
  AwsEc2LaunchTemplate: launchTemplates,
};
