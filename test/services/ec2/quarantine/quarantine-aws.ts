/**
 * An AWS in memory with one instance in it, for what no emulator has: stops, moves and draining that take time, idle
 * timeouts, IPv6, calls that are refused where they come twice, and thousands of instances of every shape in a second.
 * It keeps to what the API references say, and watches that no interface is ever open to the world.
 */
import * as Scaling from '@aws-sdk/client-auto-scaling';
import * as Ec2 from '@aws-sdk/client-ec2';
import * as Elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import type { ActionDeps } from '../../../../lib/core/action.ts';
import { Killed } from '../../../remediation/actions/crashing-clients.ts';
import { account, noMemory, writeClients } from './quarantine-clients.ts';

export const instance = 'i-0abc';

/** What the instance is like; all else is usual. */
export interface Shape {
  readonly interfaces: readonly {
    readonly groups: readonly string[];
    readonly vpc: string;
    readonly tcpTimeout?: number;
    readonly more?: Partial<Ec2.NetworkInterface>;
  }[];
  readonly state: 'running' | 'stopped';
  readonly terminationProtection: boolean;
  readonly stopProtection?: boolean;
  readonly volumes: number;
  /** Its lifecycle state in an Auto Scaling group of these bounds. */
  readonly autoScaling?: {
    readonly lifecycle: 'InService' | 'Standby';
    readonly min: number;
    readonly max: number;
  };
  /** Ports under which it is registered, each with a target group of its own; as its address where so said. */
  readonly targets: readonly { readonly port: number; readonly as: 'instance' | 'ip' }[];
  readonly instance?: Partial<Ec2.Instance>;
  /** For how many seconds whatever takes time takes it. */
  readonly slowness: number;
}

export const plain: Shape = {
  interfaces: [{ groups: ['sg-web'], vpc: 'vpc-1' }],
  state: 'running',
  terminationProtection: false,
  volumes: 1,
  targets: [],
  slowness: 0,
};

interface Timed<State> {
  state: State;
  /** What it turns into, and when. */
  next?: { readonly state: State; readonly at: number };
}

interface Group {
  readonly id: string;
  readonly name: string;
  readonly vpc: string;
  readonly tags: readonly Ec2.Tag[];
  egress: Ec2.IpPermission[];
}

export class FakeAws {
  readonly deps: ActionDeps;
  readonly writes: string[] = [];
  /** Seconds that were waited. */
  seconds = 0;
  calls = 0;
  /** Dies after so many calls. */
  diesAfter = Number.POSITIVE_INFINITY;
  /** Dies after the first call of this name. */
  diesAt: string | undefined;
  readonly groups = new Map<string, Group>();
  readonly interfaces: Ec2.NetworkInterface[];
  readonly snapshots: Ec2.Snapshot[] = [];
  readonly registered = new Map<string, Timed<'healthy' | 'draining' | 'deleted'>>();
  readonly power: Timed<string>;
  readonly member: Timed<string>;
  desired = 1;
  protection: boolean;
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.power = { state: shape.state };
    this.member = { state: shape.autoScaling?.lifecycle ?? 'none' };
    this.protection = shape.terminationProtection;
    this.interfaces = shape.interfaces.map(({ groups, vpc, tcpTimeout, more }, index) => ({
      NetworkInterfaceId: `eni-${index}`,
      VpcId: vpc,
      OwnerId: account,
      Attachment: { InstanceId: instance },
      InterfaceType: 'interface',
      PrivateIpAddresses: [{ PrivateIpAddress: `10.0.0.${index}` }],
      Groups: groups.map((GroupId) => ({ GroupId, GroupName: GroupId })),
      ...(tcpTimeout === undefined
        ? {}
        : { ConnectionTrackingConfiguration: { TcpEstablishedTimeout: tcpTimeout } }),
      ...more,
    }));
    for (const { groups, vpc } of shape.interfaces) {
      for (const id of groups) this.groups.set(id, { id, name: id, vpc, tags: [], egress: everywhere });
    }
    for (const [index] of shape.targets.entries())
      this.registered.set(targetGroup(index), { state: 'healthy' });
    const clients = writeClients();
    this.#ec2(mockClient(clients.ec2));
    this.#scaling(mockClient(clients.autoScaling));
    this.#elb(mockClient(clients.elb));
    this.deps = {
      clients,
      memory: noMemory,
      now: () => new Date(Date.UTC(2026, 10, 21) + this.seconds * 1_000),
      wait: async (milliseconds) => {
        this.seconds += milliseconds / 1_000;
      },
    };
  }

  /** A new program begins, and does not die. */
  revive(): void {
    this.diesAt = undefined;
    this.diesAfter = Number.POSITIVE_INFINITY;
  }

  /** All that a quarantine may change and its undo brings back; timeouts as AWS heeds them. */
  picture() {
    return {
      power: this.#now(this.power),
      protection: this.protection,
      member: this.#now(this.member),
      desired: this.desired,
      registered: [...this.registered.values()].map((each) => this.#now(each)),
      interfaces: this.interfaces.map((each) => this.groupsOf(each)),
      timeouts: this.interfaces.map(
        ({ ConnectionTrackingConfiguration: set }) => set?.TcpEstablishedTimeout ?? 432_000,
      ),
    };
  }

  groupsOf({ Groups }: Ec2.NetworkInterface): readonly string[] {
    return (Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []).sort();
  }

  #now<State>(timed: Timed<State>): State {
    if (timed.next !== undefined && timed.next.at <= this.seconds) {
      timed.state = timed.next.state;
      delete timed.next;
    }
    return timed.state;
  }

  #turn<State>(timed: Timed<State>, through: State, state: State): void {
    timed.state = through;
    timed.next = { state, at: this.seconds + this.#shape.slowness };
    this.#now(timed);
  }

  /** A call: it counts, may be the last one, and is written down when it changes something. */
  #call<Input, Output>(name: string, answer: (input: Input) => Output): (input: Input) => Promise<Output> {
    return async (input) => {
      this.#live();
      this.calls += 1;
      const answered = answer(input);
      if (!name.startsWith('Describe')) this.writes.push(name);
      if (name === this.diesAt) this.diesAfter = this.calls;
      this.#live();
      return answered;
    };
  }

  #live(): void {
    if (this.calls >= this.diesAfter) throw new Killed(`killed after ${this.calls} calls`);
  }

  #ec2(
    ec2: ReturnType<
      typeof mockClient<Ec2.ServiceInputTypes, Ec2.ServiceOutputTypes, Ec2.EC2ClientResolvedConfig>
    >,
  ): void {
    ec2.on(Ec2.DescribeInstancesCommand).callsFake(
      this.#call('DescribeInstances', () => ({
        Reservations: [{ OwnerId: account, Instances: [this.#described()] }],
      })),
    );
    ec2
      .on(Ec2.DescribeInstanceAttributeCommand)
      .callsFake(
        this.#call('DescribeInstanceAttribute', ({ Attribute }: Ec2.DescribeInstanceAttributeCommandInput) =>
          Attribute === 'disableApiStop'
            ? { DisableApiStop: { Value: this.#shape.stopProtection ?? false } }
            : { DisableApiTermination: { Value: this.protection } },
        ),
      );
    ec2.on(Ec2.ModifyInstanceAttributeCommand).callsFake(
      this.#call('ModifyInstanceAttribute', (input: Ec2.ModifyInstanceAttributeCommandInput) => {
        if (this.#shape.instance?.InstanceLifecycle === 'spot') {
          refuse('UnsupportedOperation', 'a Spot Instance');
        }
        this.protection = input.DisableApiTermination?.Value ?? this.protection;
      }),
    );
    ec2.on(Ec2.DescribeIamInstanceProfileAssociationsCommand).callsFake(
      this.#call('DescribeIamInstanceProfileAssociations', () => ({
        IamInstanceProfileAssociations: [],
      })),
    );
    ec2.on(Ec2.DescribeNetworkInterfacesCommand).callsFake(
      this.#call('DescribeNetworkInterfaces', ({ Filters }: Ec2.DescribeNetworkInterfacesCommandInput) => {
        const [group] = Filters?.find(({ Name }) => Name === 'group-id')?.Values ?? [];
        const [id] = Filters?.find(({ Name }) => Name === 'network-interface-id')?.Values ?? [];
        const NetworkInterfaces = this.interfaces.filter(
          ({ Groups, NetworkInterfaceId }) =>
            (group === undefined || Groups?.some(({ GroupId }) => GroupId === group)) &&
            (id === undefined || NetworkInterfaceId === id),
        );
        return { NetworkInterfaces: structuredClone(NetworkInterfaces) };
      }),
    );
    ec2
      .on(Ec2.ModifyNetworkInterfaceAttributeCommand)
      .callsFake(
        this.#call(
          'ModifyNetworkInterfaceAttribute',
          (input: Ec2.ModifyNetworkInterfaceAttributeCommandInput) => this.#modifyInterface(input),
        ),
      );
    ec2.on(Ec2.DescribeSecurityGroupsCommand).callsFake(
      this.#call('DescribeSecurityGroups', ({ Filters = [] }: Ec2.DescribeSecurityGroupsCommandInput) => ({
        SecurityGroups: [...this.groups.values()]
          .filter((group) => Filters.every((filter) => passes(group, filter)))
          .map(({ id, name, vpc, tags, egress }) => ({
            GroupId: id,
            GroupName: name,
            VpcId: vpc,
            Tags: tags,
            IpPermissions: [],
            IpPermissionsEgress: structuredClone(egress),
          })),
      })),
    );
    ec2.on(Ec2.CreateSecurityGroupCommand).callsFake(
      this.#call('CreateSecurityGroup', (input: Ec2.CreateSecurityGroupCommandInput) => {
        const { GroupName: name = '', VpcId: vpc = '', TagSpecifications } = input;
        if ([...this.groups.values()].some((group) => group.vpc === vpc && group.name === name)) {
          refuse('InvalidGroup.Duplicate', name);
        }
        const id = `sg-made-in-${vpc}`;
        this.groups.set(id, { id, name, vpc, tags: TagSpecifications?.[0]?.Tags ?? [], egress: everywhere });
        return { GroupId: id };
      }),
    );
    ec2.on(Ec2.RevokeSecurityGroupEgressCommand).callsFake(
      this.#call(
        'RevokeSecurityGroupEgress',
        ({ GroupId, IpPermissions }: Ec2.RevokeSecurityGroupEgressCommandInput) => {
          const group = this.groups.get(GroupId ?? '');
          if (group === undefined) return refuse('InvalidGroup.NotFound', String(GroupId));
          const revoked = (IpPermissions ?? []).map(peerOf);
          const left = group.egress.filter((permission) => !revoked.includes(peerOf(permission)));
          if (left.length === group.egress.length) refuse('InvalidPermission.NotFound', 'no such rule');
          group.egress = left;
        },
      ),
    );
    ec2
      .on(Ec2.DescribeSnapshotsCommand)
      .callsFake(this.#call('DescribeSnapshots', () => ({ Snapshots: [...this.snapshots] })));
    ec2.on(Ec2.CreateSnapshotsCommand).callsFake(
      this.#call('CreateSnapshots', () => {
        for (let volume = 0; volume < this.#shape.volumes; volume += 1) {
          this.snapshots.push({ SnapshotId: `snap-${this.snapshots.length}`, VolumeId: `vol-${volume}` });
        }
      }),
    );
    ec2.on(Ec2.StopInstancesCommand).callsFake(
      this.#call('StopInstances', () => {
        if (this.#now(this.power) !== 'running') refuse('IncorrectInstanceState', this.power.state);
        this.#turn(this.power, 'stopping', 'stopped');
      }),
    );
    ec2.on(Ec2.StartInstancesCommand).callsFake(
      this.#call('StartInstances', () => {
        if (this.#now(this.power) !== 'stopped') refuse('IncorrectInstanceState', this.power.state);
        this.#turn(this.power, 'pending', 'running');
      }),
    );
  }

  #described(): Ec2.Instance {
    const state = this.#now(this.power);
    return {
      InstanceId: instance,
      VpcId: this.#shape.interfaces[0]?.vpc,
      RootDeviceType: 'ebs',
      BlockDeviceMappings: Array.from({ length: this.#shape.volumes }, (_, index) => ({
        Ebs: { VolumeId: `vol-${index}` },
      })),
      State: { Name: state as Ec2.InstanceStateName },
      ...this.#shape.instance,
    };
  }

  #modifyInterface(input: Ec2.ModifyNetworkInterfaceAttributeCommandInput): void {
    const found = this.interfaces.find(
      ({ NetworkInterfaceId }) => NetworkInterfaceId === input.NetworkInterfaceId,
    );
    if (found === undefined) throw refusal('InvalidNetworkInterfaceID.NotFound', 'no such interface');
    const tracking = input.ConnectionTrackingSpecification;
    if (tracking !== undefined && input.Groups !== undefined) {
      refuse('InvalidParameterCombination', 'one attribute a call');
    }
    if (tracking !== undefined) found.ConnectionTrackingConfiguration = tracking;
    if (input.Groups === undefined) return;
    const groups = input.Groups.map((id) => this.groups.get(id) ?? refuse('InvalidGroup.NotFound', id));
    for (const group of groups) {
      if (group.vpc !== found.VpcId) refuse('InvalidGroup.NotFound', `${group.id} is of another VPC`);
      if (group.tags.length > 0 && group.egress.length > 0) throw new TypeError('isolated in an open group');
    }
    found.Groups = groups.map(({ id, name }) => ({ GroupId: id, GroupName: name }));
  }

  #scaling(
    scaling: ReturnType<
      typeof mockClient<
        Scaling.ServiceInputTypes,
        Scaling.ServiceOutputTypes,
        Scaling.AutoScalingClientResolvedConfig
      >
    >,
  ): void {
    const bounds = this.#shape.autoScaling;
    const name = 'workers';
    scaling.on(Scaling.DescribeAutoScalingInstancesCommand).callsFake(
      this.#call('DescribeAutoScalingInstances', () => {
        const LifecycleState = this.#now(this.member);
        return {
          AutoScalingInstances:
            LifecycleState === 'none'
              ? []
              : [{ InstanceId: instance, AutoScalingGroupName: name, LifecycleState }],
        };
      }),
    );
    scaling.on(Scaling.DescribeAutoScalingGroupsCommand).callsFake(
      this.#call('DescribeAutoScalingGroups', () => ({
        AutoScalingGroups: [
          {
            AutoScalingGroupName: name,
            DesiredCapacity: this.desired,
            MinSize: bounds?.min,
            MaxSize: bounds?.max,
          },
        ],
      })),
    );
    const move = (from: string, through: string, to: string, by: number) => {
      const state = this.#now(this.member);
      if (state !== from) refuse('ValidationError', `the instance is ${state}, not ${from}`);
      if (this.desired + by < (bounds?.min ?? 0)) refuse('ValidationError', 'below the minimum');
      if (this.desired + by > (bounds?.max ?? 0)) refuse('ValidationError', 'above the maximum');
      this.desired += by;
      this.#turn(this.member, through, to);
    };
    type Leaving = Scaling.EnterStandbyCommandInput | Scaling.DetachInstancesCommandInput;
    const by = ({ ShouldDecrementDesiredCapacity: lowers }: Leaving) => (lowers ? -1 : 0);
    scaling
      .on(Scaling.EnterStandbyCommand)
      .callsFake(
        this.#call('EnterStandby', (input: Leaving) =>
          move('InService', 'EnteringStandby', 'Standby', by(input)),
        ),
      );
    scaling
      .on(Scaling.DetachInstancesCommand)
      .callsFake(
        this.#call('DetachInstances', (input: Leaving) => move('InService', 'Detaching', 'none', by(input))),
      );
    scaling
      .on(Scaling.ExitStandbyCommand)
      .callsFake(this.#call('ExitStandby', () => move('Standby', 'Pending', 'InService', 1)));
    scaling
      .on(Scaling.AttachInstancesCommand)
      .callsFake(this.#call('AttachInstances', () => move('none', 'Pending', 'InService', 1)));
  }

  #elb(
    elb: ReturnType<
      typeof mockClient<
        Elb.ServiceInputTypes,
        Elb.ServiceOutputTypes,
        Elb.ElasticLoadBalancingV2ClientResolvedConfig
      >
    >,
  ): void {
    const { targets, interfaces } = this.#shape;
    elb.on(Elb.DescribeTargetGroupsCommand).callsFake(
      this.#call('DescribeTargetGroups', () => ({
        TargetGroups: targets.map(({ as }, index) => ({
          TargetGroupArn: targetGroup(index),
          TargetType: as,
          VpcId: interfaces[0]?.vpc,
        })),
      })),
    );
    const targetIn = (group: string): Elb.TargetDescription => {
      const found = targets.find((_, index) => targetGroup(index) === group);
      return { Id: found?.as === 'ip' ? '10.0.0.0' : instance, Port: found?.port };
    };
    const changed = (
      { TargetGroupArn: group = '', Targets }: Elb.RegisterTargetsCommandInput,
      change: (registration: Timed<'healthy' | 'draining' | 'deleted'>) => void,
    ) => {
      const { Id, Port } = targetIn(group);
      const registration = this.registered.get(group);
      if (registration === undefined || Targets?.[0]?.Id !== Id || Targets?.[0]?.Port !== Port) {
        return refuse('InvalidTarget', `${Targets?.[0]?.Id}:${Targets?.[0]?.Port} is no target of ${group}`);
      }
      change(registration);
    };
    elb.on(Elb.DescribeTargetHealthCommand).callsFake(
      this.#call(
        'DescribeTargetHealth',
        ({ TargetGroupArn: group = '' }: Elb.DescribeTargetHealthCommandInput) => {
          const registration = this.registered.get(group);
          const State = registration === undefined ? 'deleted' : this.#now(registration);
          const Reason = State === 'draining' ? 'Target.DeregistrationInProgress' : undefined;
          return {
            TargetHealthDescriptions:
              State === 'deleted' ? [] : [{ Target: targetIn(group), TargetHealth: { State, Reason } }],
          };
        },
      ),
    );
    elb
      .on(Elb.DeregisterTargetsCommand)
      .callsFake(
        this.#call('DeregisterTargets', (input: Elb.DeregisterTargetsCommandInput) =>
          changed(input, (registration) => this.#turn(registration, 'draining', 'deleted')),
        ),
      );
    elb.on(Elb.RegisterTargetsCommand).callsFake(
      this.#call('RegisterTargets', (input: Elb.RegisterTargetsCommandInput) =>
        changed(input, (registration) => {
          if (this.#now(this.power) !== 'running') refuse('InvalidTarget', 'it does not run');
          registration.state = 'healthy';
          delete registration.next;
        }),
      ),
    );
  }
}

/** What a new group lets out in a VPC with IPv6. */
const everywhere: Ec2.IpPermission[] = [
  { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
  { IpProtocol: '-1', Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
];

function peerOf({ IpRanges, Ipv6Ranges }: Ec2.IpPermission): string | undefined {
  return IpRanges?.[0]?.CidrIp ?? Ipv6Ranges?.[0]?.CidrIpv6;
}

function passes({ id, name, vpc, tags }: Group, { Name, Values }: Ec2.Filter): boolean {
  if (Name === 'tag-key') return tags.some(({ Key = '' }) => Values?.includes(Key));
  const value = Name === 'group-id' ? id : Name === 'group-name' ? name : vpc;
  return Values?.includes(value) ?? false;
}

function targetGroup(index: number): string {
  return `arn:aws:elasticloadbalancing:us-east-1:${account}:targetgroup/web-${index}/0123456789abcdef`;
}

/** Throws what the SDK throws when AWS refuses a call. */
function refuse(name: string, message: string): never {
  throw refusal(name, message);
}

function refusal(name: string, message: string): Error {
  return new Ec2.EC2ServiceException({ name, message, $fault: 'client', $metadata: {} });
}
