/** The network interfaces of an instance: their security groups, and their idle timeouts. */
import {
  DescribeSecurityGroupsCommand,
  type EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import { type ActionDeps, ActionError } from '../../../core/action.ts';
import type { Before, Interface, Tracking } from './before.ts';
import { type Settings, shortens } from './settings.ts';

/** The least that AWS accepts, in seconds. Source: EC2 API Reference, "ConnectionTrackingSpecificationRequest". */
export const shortest: Tracking = { tcp: 60, udpStream: 60, udp: 30 };

/**
 * AWS's defaults, except for TCP on Nitro v6 types, where it is 350. No call removes a timeout once it is set.
 * Source: as above.
 */
export const usual: Tracking = { tcp: 432_000, udpStream: 180, udp: 30 };

/**
 * Reads all network interfaces that are attached to an instance. Rejects with what the SDK throws.
 * @example (await interfacesOf(ec2, 'i-0123456789abcdef0')).length // 1
 */
export async function interfacesOf(ec2: EC2Client, instance: string): Promise<readonly NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  const filter = { Filters: [{ Name: 'attachment.instance-id', Values: [instance] }] };
  for await (const page of paginateDescribeNetworkInterfaces({ client: ec2 }, filter)) {
    found.push(...(page.NetworkInterfaces ?? []));
  }
  return found;
}

/**
 * The part of an interface that the state before contains.
 * @throws ActionError for an interface without id or VPC, which EC2 never returns.
 * @example interfaceOf({ NetworkInterfaceId: 'eni-1', VpcId: 'vpc-1' }).groups // []
 */
export function interfaceOf(described: NetworkInterface): Interface {
  const { NetworkInterfaceId: id, VpcId: vpc, Groups, ConnectionTrackingConfiguration: set } = described;
  if (id === undefined || vpc === undefined) {
    throw new ActionError('EC2 does not tell the id and the VPC of a network interface: try again');
  }
  return {
    id,
    vpc,
    groups: (Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []).sort(),
    tracking: {
      tcp: set?.TcpEstablishedTimeout ?? null,
      udpStream: set?.UdpStreamTimeout ?? null,
      udp: set?.UdpTimeout ?? null,
    },
  };
}

/**
 * Whether two lists contain the same security groups, in any order.
 * @example sameGroups(['sg-1', 'sg-2'], ['sg-2', 'sg-1']) // true
 */
export function sameGroups(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((group) => b.includes(group));
}

/**
 * Whether two sets of idle timeouts (in seconds) are equal; one that was never set equals AWS's default.
 * @example sameTracking({ tcp: null, udpStream: null, udp: null }, { tcp: 432_000, udpStream: 180, udp: 30 }) // true
 */
export function sameTracking(a: Tracking, b: Tracking): boolean {
  const seconds = ({ tcp, udpStream, udp }: Tracking) => [
    tcp ?? usual.tcp,
    udpStream ?? usual.udpStream,
    udp ?? usual.udp,
  ];
  return String(seconds(a)) === String(seconds(b));
}

/**
 * Puts every recorded interface into the isolation group of its VPC, and only there. A deleted interface is left to
 * the check.
 * @param groupOf the id of the isolation group, by VPC.
 * @throws ActionError when somebody has changed an interface's groups meanwhile, after isolating the others.
 * @example await isolate(before, settings, new Map([['vpc-1', 'sg-1']]), deps);
 */
export async function isolate(
  before: Before,
  settings: Settings,
  groupOf: ReadonlyMap<string, string>,
  { clients: { ec2 } }: ActionDeps,
): Promise<void> {
  await eachInterface(before, ec2, async (was, now) => {
    const isolation = groupOf.get(was.vpc);
    if (isolation === undefined) throw new ActionError(`there is no isolation group for ${was.vpc}`);
    if (shortens(settings)) await setTracking(ec2, now, shortest);
    return setGroups(ec2, now, [isolation], was.found ?? was.groups);
  });
}

/**
 * Gives every recorded interface its former groups and timeouts.
 * @param groupOf the id of the isolation group, by VPC.
 * @throws ActionError as `isolate` does, and before any change when a former group was deleted.
 * @example await release(before, settings, new Map([['vpc-1', 'sg-1']]), deps);
 */
export async function release(
  before: Before,
  settings: Settings,
  groupOf: ReadonlyMap<string, string>,
  { clients: { ec2 } }: ActionDeps,
): Promise<void> {
  await groupsExist(before, ec2);
  await eachInterface(before, ec2, async (was, now) => {
    const isolation = groupOf.get(was.vpc);
    const problem = await setGroups(ec2, now, was.groups, isolation === undefined ? [] : [isolation]);
    if (shortens(settings)) {
      await setTracking(ec2, now, {
        tcp: was.tracking.tcp ?? usual.tcp,
        udpStream: was.tracking.udpStream ?? usual.udpStream,
        udp: was.tracking.udp ?? usual.udp,
      });
    }
    return problem;
  });
}

async function eachInterface(
  before: Before,
  ec2: EC2Client,
  change: (was: Interface, now: Interface) => Promise<string | undefined>,
): Promise<void> {
  const present = (await interfacesOf(ec2, before.instance)).map(interfaceOf);
  const problems: string[] = [];
  for (const was of before.interfaces) {
    const now = present.find(({ id }) => id === was.id);
    const problem = now === undefined ? undefined : await change(was, now);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) {
    throw new ActionError(
      `${problems.join('; ')}: somebody has changed this meanwhile, and it was left as it is; decide what should ` +
        'hold, and set it by hand',
    );
  }
}

/** Sets the groups if the present ones are the expected ones; returns the difference, as a clause, if not. */
async function setGroups(
  ec2: EC2Client,
  { id, groups }: Interface,
  wanted: readonly string[],
  expected: readonly string[],
): Promise<string | undefined> {
  if (sameGroups(groups, wanted)) return undefined;
  if (!sameGroups(groups, expected)) {
    return `the interface ${id} has the security groups ${groups.join(', ')} instead of ${expected.join(', ')}`;
  }
  await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: [...wanted] }));
  return undefined;
}

/** One call sets one attribute. Source: EC2 API Reference, "ModifyNetworkInterfaceAttribute". */
async function setTracking(ec2: EC2Client, { id, tracking }: Interface, wanted: Tracking): Promise<void> {
  if (sameTracking(tracking, wanted)) return;
  await ec2.send(
    new ModifyNetworkInterfaceAttributeCommand({
      NetworkInterfaceId: id,
      ConnectionTrackingSpecification: {
        ...(wanted.tcp === null ? {} : { TcpEstablishedTimeout: wanted.tcp }),
        ...(wanted.udpStream === null ? {} : { UdpStreamTimeout: wanted.udpStream }),
        ...(wanted.udp === null ? {} : { UdpTimeout: wanted.udp }),
      },
    }),
  );
}

/** Throws ActionError when a group that an interface had is deleted, before anything is changed. */
async function groupsExist(before: Before, ec2: EC2Client): Promise<void> {
  const missing = await missingGroups(before, ec2);
  if (missing.length > 0) {
    throw new ActionError(
      `the security groups ${missing.join(', ')} do not exist any more: nothing was put back; give the interfaces ` +
        'groups by hand',
    );
  }
}

async function missingGroups(before: Before, ec2: EC2Client): Promise<readonly string[]> {
  const groups = [...new Set(before.interfaces.flatMap((each) => each.groups))];
  if (groups.length === 0) return [];
  // A filter does not fail for a missing group, as a read by id does; it accepts 200 values, more than interfaces have.
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: groups }] }),
  );
  const present = new Set((SecurityGroups ?? []).map(({ GroupId }) => GroupId));
  return groups.filter((group) => !present.has(group));
}
