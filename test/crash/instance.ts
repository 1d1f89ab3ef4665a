/** An instance of which a quarantine changes everything that it can, and its state; in moto. */
import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  AttachNetworkInterfaceCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Target } from '../../lib/core/action.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { quarantine } from '../../lib/services/ec2/quarantine/quarantine.ts';
import { account, bystanders, region } from '../emulator/action-deps.ts';
import type { Case } from './action-calls.ts';

const { ec2 } = bystanders();
const autoScaling = makeClients({ region }).autoScaling;
const elb = makeClients({ region }).elb;

/** What the policy sets for the quarantine, so that each of its steps is taken. */
export const everyStep = `{ mode: isolate+stop, snapshot: true, autoScaling: standby, autoScalingCapacity: lower, loadBalanced: drain }`;

const templateName = 'crash';
const image = 'ami-12c6146b';

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not return ${what}`);
  return value;
}

async function securityGroup(vpc: string, name: string): Promise<string> {
  const made = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId: vpc, GroupName: name, Description: name }),
  );
  return required(made.GroupId, 'the security group');
}

/**
 * An instance with two volumes and two network interfaces, in an Auto Scaling group and behind a load balancer, in a VPC
 * of its own.
 */
async function make(): Promise<Target> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpc = required(Vpc?.VpcId, 'the VPC');
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.0.0.0/24' }));
  const subnet = required(Subnet?.SubnetId, 'the subnet');
  const web = await securityGroup(vpc, 'web');
  const logs = await securityGroup(vpc, 'logs');
  const run = await ec2.send(
    new RunInstancesCommand({
      ImageId: image,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      // Not by SecurityGroupIds: moto would return those of every interface, whatever is changed later.
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [web, logs] }],
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 8 } },
        { DeviceName: '/dev/sdb', Ebs: { VolumeSize: 8 } },
      ],
    }),
  );
  const id = required(run.Instances?.[0]?.InstanceId, 'the instance');
  const second = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet, Groups: [web] }));
  const NetworkInterfaceId = required(second.NetworkInterface?.NetworkInterfaceId, 'the interface');
  await ec2.send(new AttachNetworkInterfaceCommand({ InstanceId: id, NetworkInterfaceId, DeviceIndex: 1 }));
  await putInAutoScaling(id, subnet);
  await putBehindLoadBalancer(id, vpc);
  const arn = `arn:aws:ec2:${region}:${account}:instance/${id}`;
  return {
    resource: { type: 'AwsEc2Instance', id, arn, account, region },
    finding: { id: '', control: 'ec2-transit-encryption', title: '', severity: 'HIGH', openedAt: null },
    settings: {},
  };
}

let template: Promise<unknown> | undefined;

async function putInAutoScaling(id: string, subnet: string): Promise<void> {
  template ??= ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: templateName,
      LaunchTemplateData: { ImageId: image, InstanceType: 't3.micro' },
    }),
  );
  await template;
  const AutoScalingGroupName = groupOf(id);
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      LaunchTemplate: { LaunchTemplateName: templateName },
      MinSize: 0,
      MaxSize: 2,
      DesiredCapacity: 0,
      VPCZoneIdentifier: subnet,
    }),
  );
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [id] }));
}

const groupOf = (id: string) => `group-of-${id}`;
const targetGroupOf = (id: string) => `tg-${id.slice(2)}`;

async function putBehindLoadBalancer(id: string, vpc: string): Promise<void> {
  const made = await elb.send(
    new CreateTargetGroupCommand({
      Name: targetGroupOf(id),
      Protocol: 'HTTP',
      Port: 80,
      VpcId: vpc,
      TargetType: 'instance',
    }),
  );
  const TargetGroupArn = made.TargetGroups?.[0]?.TargetGroupArn;
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id, Port: 8080 }] }));
}

/** All that a quarantine changes, with names in the place of ids. */
async function readState({ resource: { id } }: Target): Promise<unknown> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = Reservations?.[0]?.Instances?.[0];
  const vpc = instance?.VpcId ?? '';
  const [attribute, groups, snapshots, member, group, targetGroup] = await Promise.all([
    ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'disableApiTermination' })),
    ec2.send(new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] })),
    ec2.send(
      new DescribeSnapshotsCommand({
        Filters: [{ Name: 'volume-id', Values: volumesOf(instance?.BlockDeviceMappings) }],
      }),
    ),
    autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] })),
    autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupOf(id)] })),
    elb.send(new DescribeTargetGroupsCommand({ Names: [targetGroupOf(id)] })),
  ]);
  const health = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup.TargetGroups?.[0]?.TargetGroupArn }),
  );
  const isolation = (groups.SecurityGroups ?? []).filter(({ GroupName }) =>
    GroupName?.startsWith('trailseal-'),
  );
  return {
    state: instance?.State?.Name,
    protected: attribute.DisableApiTermination?.Value,
    interfaces: (instance?.NetworkInterfaces ?? [])
      .map(({ Groups = [] }) => Groups.map(({ GroupName = '' }) => GroupName.replace(/vpc-.*/, 'vpc')).sort())
      .sort(),
    isolationGroups: isolation.length,
    rules: isolation.flatMap(({ IpPermissions = [], IpPermissionsEgress = [] }) => [
      ...IpPermissions,
      ...IpPermissionsEgress,
    ]),
    snapshots: snapshots.Snapshots?.length,
    lifecycle: member.AutoScalingInstances?.[0]?.LifecycleState,
    capacity: group.AutoScalingGroups?.[0]?.DesiredCapacity,
    ports: health.TargetHealthDescriptions?.map(({ Target }) => Target?.Port),
  };
}

function volumesOf(
  mappings: readonly { readonly Ebs?: { readonly VolumeId?: string | undefined } | undefined }[] = [],
): string[] {
  return mappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []);
}

export const instanceCase: Case = {
  name: 'quarantine',
  action: quarantine,
  make,
  readState,
  before: {
    state: 'running',
    protected: false,
    interfaces: [['logs', 'web'], ['web']],
    isolationGroups: 1,
    rules: [],
    // They stay, as does the isolation group.
    snapshots: 2,
    lifecycle: 'InService',
    capacity: 1,
    ports: [8080],
  },
  after: {
    state: 'stopped',
    protected: true,
    interfaces: [['trailseal-isolation-vpc'], ['trailseal-isolation-vpc']],
    isolationGroups: 1,
    rules: [],
    snapshots: 2,
    lifecycle: 'Standby',
    capacity: 0,
    ports: [],
  },
  writes: [
    'ModifyInstanceAttribute',
    'CreateSnapshots',
    'EnterStandby',
    'DeregisterTargets',
    'CreateSecurityGroup',
    'RevokeSecurityGroupEgress',
    'ModifyNetworkInterfaceAttribute',
    'ModifyNetworkInterfaceAttribute',
    'StopInstances',
  ],
  undone: [
    'ModifyNetworkInterfaceAttribute',
    'ModifyNetworkInterfaceAttribute',
    'StartInstances',
    'RegisterTargets',
    'ExitStandby',
    'ModifyInstanceAttribute',
  ],
};
