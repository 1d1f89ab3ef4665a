/**
 * Quarantine of real instances, made by the SDK in moto, and its undo. What moto has no notion of (draining, moves
 * that take time, idle timeouts, Spot and managed instances, IPv6) is held by `test/actions/quarantine*.test.ts`.
 */
import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  AttachNetworkInterfaceCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DetachNetworkInterfaceCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, inject, it } from 'vitest';
import type { ActionDeps } from '../../lib/core/action.ts';
import { writeActions } from '../../lib/core/write.ts';
import type { Before } from '../../lib/services/ec2/quarantine/before.ts';
import { quarantine } from '../../lib/services/ec2/quarantine/quarantine.ts';
import type { Settings } from '../../lib/services/ec2/quarantine/settings.ts';
import { isWrite, Killed, recordingCalls } from '../remediation/actions/crashing-clients.ts';
import { noMemory, targetOf, writeClients } from '../services/ec2/quarantine/quarantine-clients.ts';
import {
  begin,
  differencesIn,
  restore,
  restored,
  skippedBecause,
  undo,
} from '../services/ec2/quarantine/quarantine-run.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');

const clients = writeClients();
const { ec2, autoScaling, elb } = clients;

function depsWith(its = clients): ActionDeps {
  return { clients: its, memory: noMemory, now: () => new Date(), wait: async () => undefined };
}
const deps = depsWith();

/** What an answer of the emulator must hold for the test to go on. */
function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not tell ${what}`);
  return value;
}

interface QuarantineFixture {
  readonly vpc: string;
  readonly subnet: string;
  readonly groups: readonly [string, string];
  readonly instance: string;
  readonly interfaces: readonly [string, string];
}

/** An instance with two network interfaces, one in two security groups and one in one of them, in a VPC of its own. */
async function makeFixture(tags: Readonly<Record<string, string>> = {}): Promise<QuarantineFixture> {
  const vpc = present(
    (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId,
    'the VPC',
  );
  const made = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.0.0.0/24' }));
  const subnet = present(made.Subnet?.SubnetId, 'the subnet');
  const groups = [await securityGroup(vpc, 'web'), await securityGroup(vpc, 'logs')] as const;
  const run = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-12c6146b',
      MinCount: 1,
      MaxCount: 1,
      // Not by SecurityGroupIds: moto would tell those of every interface, whatever is changed later.
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [...groups] }],
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 8 } },
        { DeviceName: '/dev/sdb', Ebs: { VolumeSize: 8 } },
      ],
      TagSpecifications: [
        {
          ResourceType: 'instance',
          Tags: Object.entries({ name: 'quarantine', ...tags }).map(([Key, Value]) => ({ Key, Value })),
        },
      ],
    }),
  );
  const [launched] = run.Instances ?? [];
  const instance = present(launched?.InstanceId, 'the instance');
  const first = present(launched?.NetworkInterfaces?.[0]?.NetworkInterfaceId, 'the interface');
  const second = await attachInterface({ instance, subnet }, [groups[0]], 1);
  return { vpc, subnet, groups, instance, interfaces: [first, second] };
}

async function securityGroup(vpc: string, name: string): Promise<string> {
  const made = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId: vpc, GroupName: name, Description: name }),
  );
  return present(made.GroupId, 'the security group');
}

async function attachInterface(
  { instance, subnet }: Pick<QuarantineFixture, 'instance' | 'subnet'>,
  groups: readonly string[],
  index: number,
): Promise<string> {
  const made = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet, Groups: [...groups] }));
  const id = present(made.NetworkInterface?.NetworkInterfaceId, 'the interface');
  await ec2.send(
    new AttachNetworkInterfaceCommand({ InstanceId: instance, NetworkInterfaceId: id, DeviceIndex: index }),
  );
  return id;
}

/** Makes the instance the only member of an Auto Scaling group. */
async function inAutoScaling(
  { instance, subnet }: QuarantineFixture,
  size: { min: number; max: number },
): Promise<string> {
  const name = `group-of-${instance}`;
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { ImageId: 'ami-12c6146b', InstanceType: 't3.micro' },
    }),
  );
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: name },
      MinSize: 0,
      MaxSize: size.max,
      DesiredCapacity: 0,
      VPCZoneIdentifier: subnet,
    }),
  );
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName: name, InstanceIds: [instance] }));
  await autoScaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: size.min }),
  );
  return name;
}

/** Registers the instance with a target group, on a port that is not the group's own. */
async function behindLoadBalancer({ instance, vpc }: QuarantineFixture): Promise<string> {
  const made = await elb.send(
    new CreateTargetGroupCommand({
      Name: `tg-${instance.slice(2)}`,
      Protocol: 'HTTP',
      Port: 80,
      VpcId: vpc,
      TargetType: 'instance',
    }),
  );
  const group = present(made.TargetGroups?.[0]?.TargetGroupArn, 'the target group');
  await elb.send(
    new RegisterTargetsCommand({ TargetGroupArn: group, Targets: [{ Id: instance, Port: 8080 }] }),
  );
  return group;
}

async function groupsOf(id: string): Promise<readonly string[]> {
  const answer = await ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }));
  return (answer.NetworkInterfaces?.[0]?.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []).sort();
}

async function isolationGroups(vpc: string) {
  const answer = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  return (answer.SecurityGroups ?? []).filter(({ GroupName }) => GroupName?.startsWith('trailseal-'));
}

async function isolationGroupOf(vpc: string): Promise<string> {
  return present((await isolationGroups(vpc))[0]?.GroupId, 'the isolation group');
}

async function isProtected(instance: string): Promise<boolean | undefined> {
  const answer = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: instance, Attribute: 'disableApiTermination' }),
  );
  return answer.DisableApiTermination?.Value;
}

async function stateOf(instance: string): Promise<string | undefined> {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

async function snapshotsWith(mark: string): Promise<readonly (string | undefined)[]> {
  const answer = await ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:trailseal:quarantine', Values: [mark] }] }),
  );
  return (answer.Snapshots ?? []).map(({ VolumeId }) => VolumeId).sort();
}

async function lifecycleOf(instance: string): Promise<string | undefined> {
  const answer = await autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }));
  return answer.AutoScalingInstances?.[0]?.LifecycleState;
}

async function desiredCapacity(group: string): Promise<number | undefined> {
  const answer = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
  );
  return answer.AutoScalingGroups?.[0]?.DesiredCapacity;
}

async function portsIn(targetGroup: string): Promise<readonly (number | undefined)[]> {
  const answer = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup }));
  return (answer.TargetHealthDescriptions ?? []).map(({ Target }) => Target?.Port);
}

async function applied(it: QuarantineFixture, settings: Partial<Settings> = {}): Promise<Before> {
  const target = targetOf(it.instance, settings);
  const before = await begin(target, deps);
  await quarantine.apply(target, before, deps);
  return before;
}

describe('isolating an instance', () => {
  it('leaves every network interface in the isolation group alone', async () => {
    const it = await makeFixture();
    await applied(it);
    const isolation = await isolationGroupOf(it.vpc);
    expect(await Promise.all(it.interfaces.map(groupsOf))).toEqual([[isolation], [isolation]]);
  });

  it('makes an isolation group that lets nothing in and nothing out', async () => {
    const it = await makeFixture();
    await applied(it);
    expect(await isolationGroups(it.vpc)).toMatchObject([
      {
        GroupName: `trailseal-isolation-${it.vpc}`,
        IpPermissions: [],
        IpPermissionsEgress: [],
        Tags: expect.arrayContaining([{ Key: 'trailseal:isolation', Value: it.vpc }]),
      },
    ]);
  });

  it('uses the isolation group that the VPC has already', async () => {
    const it = await makeFixture();
    await applied(it);
    const other = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12c6146b',
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: it.subnet, Groups: [it.groups[0]] }],
      }),
    );
    await applied({ ...it, instance: present(other.Instances?.[0]?.InstanceId, 'the instance') });
    expect(await isolationGroups(it.vpc)).toHaveLength(1);
  });

  it('protects it from termination', async () => {
    const it = await makeFixture();
    await applied(it);
    expect(await isProtected(it.instance)).toBe(true);
  });

  it('leaves it running, without snapshots, where nothing else is asked for', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    expect([await stateOf(it.instance), await snapshotsWith(before.mark)]).toEqual(['running', []]);
  });

  it('is found as set afterwards', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toMatchObject({ kind: 'as-set' });
  });

  it('is needless where it is done', async () => {
    const it = await makeFixture();
    await applied(it);
    expect(await quarantine.prepare(targetOf(it.instance), deps)).toEqual({
      kind: 'needless',
      because: `Every network interface of the instance ${it.instance} is isolated already.`,
    });
  });

  it('goes through one group for two quarantines that begin at the same time', async () => {
    const it = await makeFixture();
    const target = targetOf(it.instance);
    const before = await begin(target, deps);
    await Promise.all([quarantine.apply(target, before, deps), quarantine.apply(target, before, deps)]);
    expect(await isolationGroups(it.vpc)).toHaveLength(1);
  });
});

describe('the other steps', () => {
  it('stop it where that is asked for', async () => {
    const it = await makeFixture();
    await applied(it, { mode: 'stop' });
    expect([await stateOf(it.instance), await groupsOf(it.interfaces[1])]).toEqual([
      'stopped',
      [it.groups[0]],
    ]);
  });

  it('take snapshots of all volumes where that is asked for', async () => {
    const it = await makeFixture();
    const before = await applied(it, { snapshot: true });
    expect([before.volumes.length, await snapshotsWith(before.mark)]).toEqual([
      2,
      [...before.volumes].sort(),
    ]);
  });

  it('put a member of an Auto Scaling group in standby, and leave its capacity to the policy', async () => {
    const it = await makeFixture();
    const group = await inAutoScaling(it, { min: 0, max: 2 });
    await applied(it, { autoScaling: 'standby', autoScalingCapacity: 'lower' });
    expect([await lifecycleOf(it.instance), await desiredCapacity(group)]).toEqual(['Standby', 0]);
  });

  it('detach a member of an Auto Scaling group where that is asked for', async () => {
    const it = await makeFixture();
    const group = await inAutoScaling(it, { min: 0, max: 2 });
    await applied(it, { autoScaling: 'detach', autoScalingCapacity: 'keep' });
    expect([await lifecycleOf(it.instance), await desiredCapacity(group)]).toEqual([undefined, 1]);
  });

  it('deregister it from its target groups', async () => {
    const it = await makeFixture();
    const targetGroup = await behindLoadBalancer(it);
    await applied(it, { loadBalanced: 'drain' });
    expect(await portsIn(targetGroup)).toEqual([]);
  });
});

describe('a quarantine is skipped from', () => {
  const left = (instance: string) => `The instance ${instance} is left alone: `;

  it.each([
    [{ 'eks:cluster-name': 'prod' }, 'eks:cluster-name'],
    [{ 'aws:eks:cluster-name': 'prod' }, 'aws:eks:cluster-name'],
    [{ 'kubernetes.io/cluster/prod': 'owned' }, 'kubernetes.io/cluster/prod'],
  ])('a node of an EKS cluster, with the tag %j', async (tags, key) => {
    const { instance } = await makeFixture(tags);
    expect(await skippedBecause(targetOf(instance), deps)).toBe(
      `${left(instance)}it is a node of an EKS cluster (tag ${key}); eksNodes: act would allow it.`,
    );
  });

  it('a member of an Auto Scaling group', async () => {
    const it = await makeFixture();
    const group = await inAutoScaling(it, { min: 0, max: 2 });
    expect(await skippedBecause(targetOf(it.instance), deps)).toBe(
      `${left(it.instance)}it is a member of the Auto Scaling group ${group}; autoScaling: standby or detach would allow it.`,
    );
  });

  it('a member of an Auto Scaling group that is at its minimum, which was to be lowered', async () => {
    const it = await makeFixture();
    const group = await inAutoScaling(it, { min: 1, max: 2 });
    const target = targetOf(it.instance, { autoScaling: 'standby', autoScalingCapacity: 'lower' });
    expect(await skippedBecause(target, deps)).toBe(
      `${left(it.instance)}the Auto Scaling group ${group} is at its minimum of 1, and can't be lowered; ` +
        'autoScalingCapacity: keep would allow it.',
    );
  });

  it('an instance behind a load balancer', async () => {
    const it = await makeFixture();
    const group = await behindLoadBalancer(it);
    expect(await skippedBecause(targetOf(it.instance), deps)).toBe(
      `${left(it.instance)}it is behind a load balancer (${group.split(':targetgroup/')[1]}); ` +
        'loadBalanced: drain would allow it.',
    );
  });

  it('an instance that is tagged as critical', async () => {
    const { instance } = await makeFixture({ environment: 'production' });
    const target = targetOf(instance, { criticalTags: { environment: ['prod*'] } });
    expect(await skippedBecause(target, deps)).toBe(
      `${left(instance)}it is tagged as critical (environment: production).`,
    );
  });

  it("an instance of Trailseal's own stack", async () => {
    const { instance } = await makeFixture();
    await ec2.send(
      new CreateTagsCommand({
        Resources: [instance],
        Tags: [{ Key: 'aws:cloudformation:stack-name', Value: 'trailseal-dev' }],
      }),
    );
    expect(await skippedBecause(targetOf(instance), deps)).toBe(
      `${left(instance)}it is part of Trailseal's own stack trailseal-dev.`,
    );
  });

  it('an instance that is terminated', async () => {
    const { instance } = await makeFixture();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    expect(await skippedBecause(targetOf(instance), deps)).toBe(
      `Nothing is left to quarantine: the instance ${instance} is terminated.`,
    );
  });

  it('an instance that does not exist', async () => {
    const instance = 'i-0123456789abcdef0';
    expect(await skippedBecause(targetOf(instance), deps)).toBe(
      `Nothing is left to quarantine: there is no instance ${instance}.`,
    );
  });

  it('an instance that was attached another network interface since it was isolated', async () => {
    const it = await makeFixture();
    await applied(it);
    await attachInterface(it, [it.groups[0]], 2);
    expect(await skippedBecause(targetOf(it.instance), deps)).toMatch(
      /of its network interfaces only eni-\w+, eni-\w+ are isolated/,
    );
  });
});

describe('an isolation group', () => {
  it('to which somebody added a rule is not used, and keeps the rule', async () => {
    const it = await makeFixture();
    const isolation = present(
      (
        await ec2.send(
          new CreateSecurityGroupCommand({
            VpcId: it.vpc,
            GroupName: `trailseal-isolation-${it.vpc}`,
            Description: 'isolation',
            TagSpecifications: [
              { ResourceType: 'security-group', Tags: [{ Key: 'trailseal:isolation', Value: it.vpc }] },
            ],
          }),
        )
      ).GroupId,
      'the group',
    );
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: isolation,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.9.0.0/16' }] },
        ],
      }),
    );
    await expect(applied(it)).rejects.toThrow(
      `the isolation group ${isolation} of ${it.vpc} has rules that Trailseal did not make (in from 10.9.0.0/16; out to ` +
        '0.0.0.0/0), so that it isolates nothing: take them out, or rename the group, then try again',
    );
    expect(await isolationGroups(it.vpc)).toMatchObject([{ IpPermissions: [{ FromPort: 22 }] }]);
  });

  it('in use, to which somebody added the rule of every new group, is not taken for a new one', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    await ec2.send(
      new AuthorizeSecurityGroupEgressCommand({
        GroupId: await isolationGroupOf(it.vpc),
        IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      }),
    );
    await expect(quarantine.apply(targetOf(it.instance), before, deps)).rejects.toThrow(
      /has rules that Trailseal did not make \(out to 0\.0\.0\.0\/0\)/,
    );
  });

  it('is named by the check when it lets something through', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    const isolation = await isolationGroupOf(it.vpc);
    await ec2.send(
      new AuthorizeSecurityGroupEgressCommand({
        GroupId: isolation,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '10.1.2.3/32' }] },
        ],
      }),
    );
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toEqual({
      kind: 'differs',
      differences: [`the isolation group ${isolation} lets traffic out to 10.1.2.3/32`],
    });
  });

  it('that only has its name is not used', async () => {
    const it = await makeFixture();
    const group = await securityGroup(it.vpc, `trailseal-isolation-${it.vpc}`);
    await expect(applied(it)).rejects.toThrow(
      `the security group ${group} is named trailseal-isolation-${it.vpc}, but lacks the tag trailseal:isolation`,
    );
  });
});

const everything: Partial<Settings> = {
  mode: 'isolate+stop',
  snapshot: true,
  autoScaling: 'standby',
  autoScalingCapacity: 'lower',
  loadBalanced: 'drain',
};

interface FullFixture extends QuarantineFixture {
  readonly autoScalingGroup: string;
  readonly targetGroup: string;
}

async function fullWorld(): Promise<FullFixture> {
  const it = await makeFixture();
  return {
    ...it,
    autoScalingGroup: await inAutoScaling(it, { min: 0, max: 2 }),
    targetGroup: await behindLoadBalancer(it),
  };
}

/** All that a quarantine changes, with the ids replaced by what they stand for, so that instances can be compared. */
async function picture(it: FullFixture) {
  const groups = await isolationGroups(it.vpc);
  const names = new Map<string, string>([
    [it.groups[0], 'web'],
    [it.groups[1], 'logs'],
    ...groups.map(({ GroupId = '' }) => [GroupId, 'isolation'] as const),
  ]);
  const namesOf = async (id: string) => (await groupsOf(id)).map((group) => names.get(group)).sort();
  return {
    state: await stateOf(it.instance),
    protected: await isProtected(it.instance),
    interfaces: await Promise.all(it.interfaces.map(namesOf)),
    isolationGroups: groups.length,
    rules: groups.flatMap((group) => [...(group.IpPermissions ?? []), ...(group.IpPermissionsEgress ?? [])]),
    lifecycle: await lifecycleOf(it.instance),
    capacity: await desiredCapacity(it.autoScalingGroup),
    ports: await portsIn(it.targetGroup),
  };
}

const quarantined = {
  state: 'stopped',
  protected: true,
  interfaces: [['isolation'], ['isolation']],
  isolationGroups: 1,
  rules: [],
  lifecycle: 'Standby',
  capacity: 0,
  ports: [],
};
const asBefore = {
  state: 'running',
  protected: false,
  interfaces: [['logs', 'web'], ['web']],
  rules: [],
  lifecycle: 'InService',
  capacity: 1,
  ports: [8080],
};

describe('undoing a quarantine', () => {
  it('brings back all that there was', async () => {
    const it = await fullWorld();
    const before = await applied(it, everything);
    const whileQuarantined = await picture(it);
    await restore(targetOf(it.instance, everything), before, deps);
    expect([whileQuarantined, await picture(it)]).toEqual([quarantined, { ...asBefore, isolationGroups: 1 }]);
  });

  it('is found complete afterwards', async () => {
    const it = await fullWorld();
    const before = await applied(it, everything);
    const target = targetOf(it.instance, everything);
    await restore(target, before, deps);
    expect(differencesIn(await restored(target, before, deps))).toEqual([]);
  });

  it('attaches a detached member to its group again', async () => {
    const it = await fullWorld();
    const settings: Partial<Settings> = { ...everything, autoScaling: 'detach' };
    const before = await applied(it, settings);
    await restore(targetOf(it.instance, settings), before, deps);
    expect([await lifecycleOf(it.instance), await desiredCapacity(it.autoScalingGroup)]).toEqual([
      'InService',
      1,
    ]);
  });

  it('keeps a termination protection that was there before', async () => {
    const it = await makeFixture();
    await ec2.send(
      new ModifyInstanceAttributeCommand({ InstanceId: it.instance, DisableApiTermination: { Value: true } }),
    );
    const before = await applied(it);
    await restore(targetOf(it.instance), before, deps);
    expect(await isProtected(it.instance)).toBe(true);
  });

  it('does not start an instance that was stopped before', async () => {
    const it = await makeFixture();
    await applied(it, { mode: 'stop' });
    const settings: Partial<Settings> = { mode: 'isolate+stop' };
    const before = await applied(it, settings);
    await restore(targetOf(it.instance, settings), before, deps);
    expect(await stateOf(it.instance)).toBe('stopped');
  });

  it('is refused by an Auto Scaling group without room, and says what to do', async () => {
    const it = await makeFixture();
    const group = await inAutoScaling(it, { min: 0, max: 1 });
    const settings: Partial<Settings> = { autoScaling: 'standby', autoScalingCapacity: 'keep' };
    const before = await applied(it, settings);
    await expect(restore(targetOf(it.instance, settings), before, deps)).rejects.toThrow(
      `the Auto Scaling group ${group} is at its maximum of 1: raise it by one, or lower the desired capacity, so that ` +
        `${it.instance} has room, then try again`,
    );
  });

  it('restores nothing when a security group was deleted, and names it', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: it.groups[1] }));
    await expect(restore(targetOf(it.instance), before, deps)).rejects.toThrow(
      `the security groups ${it.groups[1]} do not exist any more: nothing was put back`,
    );
  });
});

describe('what somebody changed meanwhile is named', () => {
  it('by the check: security groups', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    await ec2.send(
      new ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: it.interfaces[0],
        Groups: [it.groups[1]],
      }),
    );
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toEqual({
      kind: 'differs',
      differences: [`the network interface ${it.interfaces[0]} has the security groups ${it.groups[1]}`],
    });
  });

  it('by the check: a network interface that is new', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    const added = await attachInterface(it, [it.groups[0]], 2);
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toEqual({
      kind: 'differs',
      differences: [`the network interface ${added} has the security groups ${it.groups[0]}, and is new`],
    });
  });

  it('by the check: a network interface that was deleted', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    const described = await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [it.interfaces[1]] }),
    );
    const attachment = present(described.NetworkInterfaces?.[0]?.Attachment?.AttachmentId, 'the attachment');
    await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId: attachment }));
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toEqual({
      kind: 'differs',
      differences: [`the network interface ${it.interfaces[1]} was deleted, or detached`],
    });
  });

  it('by the check: a termination', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    await ec2.send(
      new ModifyInstanceAttributeCommand({
        InstanceId: it.instance,
        DisableApiTermination: { Value: false },
      }),
    );
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [it.instance] }));
    expect(await quarantine.check(targetOf(it.instance), before, deps)).toEqual({
      kind: 'deleted',
      because: `the instance ${it.instance} is terminated`,
    });
  });

  it('by the undo, which leaves it as it is and undoes the rest', async () => {
    const it = await makeFixture();
    const before = await applied(it);
    const other = await securityGroup(it.vpc, 'other');
    await ec2.send(
      new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: it.interfaces[0], Groups: [other] }),
    );
    await expect(restore(targetOf(it.instance), before, deps)).rejects.toThrow(
      /somebody has changed this meanwhile, and it was left as it is/,
    );
    expect(await Promise.all(it.interfaces.map(groupsOf))).toEqual([[other], [it.groups[0]]]);
  });
});

/**
 * Killed after each write, and before the first: what lies between two writes are reads, which leave AWS as it is.
 * Each of them is a time to die in `test/services/ec2/quarantine/quarantine-crash.test.ts`.
 */
describe('a run that is killed after any of its writes, and begun again', () => {
  type Step = (its: ActionDeps) => Promise<void>;

  /** What AWS carries out, in its order, when nothing is in the way. */
  async function undisturbed(step: Step): Promise<readonly string[]> {
    const its = writeClients();
    const { done } = recordingCalls(its);
    await step(depsWith(its));
    return done;
  }

  /** The writes of a run that is killed, and of the one that is begun after it. */
  async function twice(step: Step, diesAfter: number): Promise<readonly string[]> {
    const mortal = writeClients();
    const first = recordingCalls(mortal, diesAfter);
    await expect(step(depsWith(mortal))).rejects.toThrow(Killed);
    return [...first.done, ...(await undisturbed(step))].filter(isWrite).sort();
  }

  /** How many calls there are up to each write, that one included; and none. */
  function deathsIn(calls: readonly string[]): readonly number[] {
    return [0, ...calls.flatMap((call, index) => (isWrite(call) ? [index + 1] : []))];
  }

  it('ends as an undisturbed one, with every write done once', { timeout: 300_000 }, async () => {
    const applying =
      (it: FullFixture, before: Before): Step =>
      (its) =>
        quarantine.apply(targetOf(it.instance, everything), before, its);
    const calm = await fullWorld();
    const calls = await undisturbed(applying(calm, await begin(targetOf(calm.instance, everything), deps)));
    for (const diesAfter of deathsIn(calls)) {
      const it = await fullWorld();
      const before = await begin(targetOf(it.instance, everything), deps);
      const writes = await twice(applying(it, before), diesAfter);
      expect({
        diesAfter,
        writes,
        picture: await picture(it),
        snapshots: await snapshotsWith(before.mark),
      }).toEqual({
        diesAfter,
        writes: calls.filter(isWrite).sort(),
        picture: quarantined,
        snapshots: [...before.volumes].sort(),
      });
    }
  });

  it('ends as an undisturbed one when it is an undo', { timeout: 300_000 }, async () => {
    const restoring =
      (it: FullFixture, before: Before): Step =>
      (its) =>
        undo.restore(targetOf(it.instance, everything), before, its);
    const calm = await fullWorld();
    const calls = await undisturbed(restoring(calm, await applied(calm, everything)));
    for (const diesAfter of deathsIn(calls)) {
      const it = await fullWorld();
      const before = await applied(it, everything);
      const writes = await twice(restoring(it, before), diesAfter);
      expect({ diesAfter, writes, picture: await picture(it) }).toEqual({
        diesAfter,
        writes: calls.filter(isWrite).sort(),
        picture: { ...asBefore, isolationGroups: 1 },
      });
    }
  });

  it('takes no second set of snapshots when only the answer about the first is lost', async () => {
    const it = await makeFixture();
    const its = writeClients();
    let lost = 0;
    its.ec2.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName !== 'CreateSnapshotsCommand') return answer;
          lost += 1;
          // What the SDK throws then, and tries again by itself.
          throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
        },
      { step: 'deserialize', name: 'loses answers' },
    );
    const target = targetOf(it.instance, { snapshot: true });
    const before = await begin(target, depsWith(its));
    await quarantine.apply(target, before, depsWith(its));
    expect([lost, await snapshotsWith(before.mark)]).toEqual([1, [...before.volumes].sort()]);
  });
});

describe('the permissions', () => {
  it('that are declared are those that are used', async () => {
    const its = writeClients();
    const { done } = recordingCalls(its);
    const it = await fullWorld();
    const target = targetOf(it.instance, everything);
    const before = await begin(target, depsWith(its));
    await quarantine.apply(target, before, depsWith(its));
    await quarantine.check(target, before, depsWith(its));
    const declared = [...quarantine.permissions.reads, ...writeActions(quarantine.permissions.writes)].map(
      (action) => action.split(':')[1],
    );
    // Detaching is the other way out of an Auto Scaling group; tags on creation need a permission of their own.
    const unused = declared.filter((name) => !done.includes(name ?? ''));
    expect([unused, done.filter((name) => !declared.includes(name))]).toEqual([
      ['DetachInstances', 'CreateTags'],
      [],
    ]);
  });

  it('that are declared for the undo are those that it uses', async () => {
    const it = await fullWorld();
    const before = await applied(it, everything);
    const its = writeClients();
    const { done } = recordingCalls(its);
    const target = targetOf(it.instance, everything);
    await restore(target, before, depsWith(its));
    const declared = [...undo.permissions.reads, ...writeActions(undo.permissions.writes)].map(
      (action) => action.split(':')[1],
    );
    expect([
      declared.filter((name) => name !== undefined && !name.startsWith('Describe') && !done.includes(name)),
      done.filter((name) => !declared.includes(name)),
    ]).toEqual([['AttachInstances', 'CreateGrant'], []]);
  });
});
