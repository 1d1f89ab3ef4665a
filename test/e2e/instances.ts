/** Instances whose type does not encrypt in transit, and what their quarantine changes. */
import { randomUUID } from 'node:crypto';
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
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { stack } from './deployed-stack.ts';
import { account, region } from './emulated-aws.ts';
import { tagsIn } from './failing-resources.ts';
import { event, put, required } from './stack.ts';

export const arnOfInstance = (id: string) => `arn:aws:ec2:${region}:${account}:instance/${id}`;

/** A VPC with a subnet and two security groups. */
export interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly groups: readonly string[];
}

export async function makeNetwork(): Promise<Network> {
  const { Vpc } = await stack.ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const vpc = required(Vpc?.VpcId, 'the VPC');
  const { Subnet } = await stack.ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.1.0.0/24' }));
  const groups: string[] = [];
  for (const GroupName of ['web', 'logs']) {
    const made = await stack.ec2.send(
      new CreateSecurityGroupCommand({ VpcId: vpc, GroupName, Description: GroupName }),
    );
    groups.push(required(made.GroupId, 'the security group'));
  }
  return { vpc, subnet: required(Subnet?.SubnetId, 'the subnet'), groups: groups.sort() };
}

/** Launches two of them, in both groups, without an event. @returns their ids. */
export async function launch({ subnet, groups }: Network): Promise<readonly [string, string]> {
  const { Instances = [] } = await stack.ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0abcdef1234567890',
      InstanceType: 't3.micro',
      MinCount: 2,
      MaxCount: 2,
      // Not by SecurityGroupIds: moto would report those for every interface, whatever is changed later.
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [...groups] }],
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, Encrypted: true } }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'owner', Value: 'ana' }] }],
    }),
  );
  const [one, other] = Instances.map(({ InstanceId }) => required(InstanceId, 'an instance'));
  return [required(one, 'the first instance'), required(other, 'the second instance')];
}

/** Puts the event of their launch on the bus. */
export async function putLaunchEvent([one, other]: readonly [string, string]): Promise<void> {
  await put(stack, [
    event('ec2-transit-encryption/fail-run-instances-type-without-encryption', {
      'i-0a1b2c3d4e5f60003': one,
      'i-0a1b2c3d4e5f60004': other,
    }),
  ]);
}

const day = 86_400_000;

/** Exempts it for a week by a tag, without an event. */
export async function exempt(id: string): Promise<void> {
  const until = new Date(Date.now() + 7 * day).toISOString().slice(0, 'YYYY-MM-DD'.length);
  const Tags = [{ Key: 'trailseal:exempt', Value: `${until} load test` }];
  await stack.ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
}

/** Changes its type to one that encrypts in transit, without an event. */
export async function fixInstance(id: string): Promise<void> {
  await stack.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await stack.ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm6i.large' } }),
  );
}

/** Gives the instance's only network interface these groups, as its owner may, without an event. @returns its id. */
export async function swapGroups(id: string, groups: readonly string[]): Promise<string> {
  const [networkInterface] = (await described(id)).NetworkInterfaces ?? [];
  const eni = required(networkInterface?.NetworkInterfaceId, 'the network interface');
  await stack.ec2.send(
    new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: eni, Groups: [...groups] }),
  );
  return eni;
}

/** Puts the event of a call that somebody made about security groups on the bus. */
export async function putCall(eventName: string, requestParameters: unknown): Promise<void> {
  const eventTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const detail = {
    eventVersion: '1.09',
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${account}:user/olga`,
      accountId: account,
      userName: 'olga',
    },
    eventTime,
    eventSource: 'ec2.amazonaws.com',
    eventName,
    awsRegion: region,
    requestParameters,
    responseElements: { _return: true },
    eventID: randomUUID(),
    eventType: 'AwsApiCall',
    recipientAccountId: account,
  };
  await put(stack, [{ source: 'aws.ec2', detailType: 'AWS API Call via CloudTrail', detail }]);
}

/** Terminates it, without an event. */
export async function terminate(id: string): Promise<void> {
  await stack.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
}

async function described(id: string): Promise<Instance> {
  const { Reservations } = await stack.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return required(Reservations?.[0]?.Instances?.[0], `the instance ${id}`);
}

/** What quarantine changes: an instance's groups, tags and termination protection. */
export async function describeInstance(id: string): Promise<{
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

/** The security groups that Trailseal has created in a VPC, with the number of rules of each. */
export async function isolationGroups(
  vpc: string,
): Promise<readonly { readonly id: string; readonly ingress: number; readonly egress: number }[]> {
  const { SecurityGroups = [] } = await stack.ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  return SecurityGroups.filter(({ GroupName }) => GroupName?.startsWith('trailseal-')).map((group) => ({
    id: required(group.GroupId, 'the group'),
    ingress: group.IpPermissions?.length ?? 0,
    egress: group.IpPermissionsEgress?.length ?? 0,
  }));
}

/** The number of snapshots of each of an instance's volumes. */
export async function snapshotsOf(id: string): Promise<Readonly<Record<string, number>>> {
  const { BlockDeviceMappings = [] } = await described(id);
  const volumes = BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []);
  const { Snapshots = [] } = await stack.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return Object.fromEntries(
    volumes.map((volume) => [volume, Snapshots.filter(({ VolumeId }) => VolumeId === volume).length]),
  );
}
