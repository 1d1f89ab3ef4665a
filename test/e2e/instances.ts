/** Instances of a type that does not encrypt in transit, and what can be seen of their quarantine. */
import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  type Instance,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { stack } from './account.ts';
import { account, region } from './emulated-aws.ts';
import { tagsIn } from './failing-resources.ts';
import { event, put, told } from './stack.ts';

export const arnOfInstance = (id: string) => `arn:aws:ec2:${region}:${account}:instance/${id}`;

/** A VPC with a subnet and two security groups. */
export interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly groups: readonly string[];
}

export async function makeNetwork(): Promise<Network> {
  const { Vpc } = await stack.ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const vpc = told(Vpc?.VpcId, 'the VPC');
  const { Subnet } = await stack.ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.1.0.0/24' }));
  const groups: string[] = [];
  for (const GroupName of ['web', 'logs']) {
    const made = await stack.ec2.send(
      new CreateSecurityGroupCommand({ VpcId: vpc, GroupName, Description: GroupName }),
    );
    groups.push(told(made.GroupId, 'the security group'));
  }
  return { vpc, subnet: told(Subnet?.SubnetId, 'the subnet'), groups: groups.sort() };
}

/** Two of them, in both groups, of which nobody has told yet. @returns their ids. */
export async function launch({ subnet, groups }: Network): Promise<readonly [string, string]> {
  const { Instances = [] } = await stack.ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0abcdef1234567890',
      InstanceType: 't3.micro',
      MinCount: 2,
      MaxCount: 2,
      // Not by SecurityGroupIds: moto would tell those of every interface, whatever is changed later.
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [...groups] }],
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, Encrypted: true } }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'owner', Value: 'ana' }] }],
    }),
  );
  const [one, other] = Instances.map(({ InstanceId }) => told(InstanceId, 'an instance'));
  return [told(one, 'the first instance'), told(other, 'the second instance')];
}

/** The event of their launch. */
export async function tellLaunch([one, other]: readonly [string, string]): Promise<void> {
  await put(stack, [
    event('ec2-transit-encryption/fail-run-instances-plain-type', {
      'i-0a1b2c3d4e5f60003': one,
      'i-0a1b2c3d4e5f60004': other,
    }),
  ]);
}

const day = 86_400_000;

/** Has it exempt for a week, by its tag; no event tells of that. */
export async function exempt(id: string): Promise<void> {
  const until = new Date(Date.now() + 7 * day).toISOString().slice(0, 'YYYY-MM-DD'.length);
  const Tags = [{ Key: 'trailseal:exempt', Value: `${until} load test` }];
  await stack.ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
}

/** Makes it one of a type that encrypts in transit; the event of that is not told. */
export async function mend(id: string): Promise<void> {
  await stack.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await stack.ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm6i.large' } }),
  );
}

/** Ends it; the event of that is not told. */
export async function terminate(id: string): Promise<void> {
  await stack.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
}

async function described(id: string): Promise<Instance> {
  const { Reservations } = await stack.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return told(Reservations?.[0]?.Instances?.[0], `the instance ${id}`);
}

/** What quarantine changes of an instance: its groups, its tags, and whether it is protected from termination. */
export async function lookAt(id: string): Promise<{
  readonly groups: readonly string[];
  readonly tags: readonly string[];
  readonly protected: boolean;
}> {
  const { NetworkInterfaces = [], Tags = [] } = await described(id);
  const { DisableApiTermination } = await stack.ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiTermination' }),
  );
  return {
    groups: NetworkInterfaces.flatMap(({ Groups = [] }) =>
      Groups.flatMap(({ GroupId }) => GroupId ?? []),
    ).sort(),
    tags: tagsIn(Object.fromEntries(Tags.map(({ Key, Value = '' }) => [Key, Value]))),
    protected: DisableApiTermination?.Value ?? false,
  };
}

/** The groups of a VPC that Trailseal has made, with how many rules each has. */
export async function isolationGroups(
  vpc: string,
): Promise<readonly { readonly id: string; readonly ingress: number; readonly egress: number }[]> {
  const { SecurityGroups = [] } = await stack.ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  return SecurityGroups.filter(({ GroupName }) => GroupName?.startsWith('trailseal-')).map((group) => ({
    id: told(group.GroupId, 'the group'),
    ingress: group.IpPermissions?.length ?? 0,
    egress: group.IpPermissionsEgress?.length ?? 0,
  }));
}

/** How many snapshots there are of an instance's volumes, by volume. */
export async function snapshotsOf(id: string): Promise<Readonly<Record<string, number>>> {
  const { BlockDeviceMappings = [] } = await described(id);
  const volumes = BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []);
  const { Snapshots = [] } = await stack.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return Object.fromEntries(
    volumes.map((volume) => [volume, Snapshots.filter(({ VolumeId }) => VolumeId === volume).length]),
  );
}
