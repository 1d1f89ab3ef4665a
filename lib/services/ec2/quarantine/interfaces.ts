/** The network interfaces of an instance: their security groups, and their idle timeouts. */
import {
  DescribeSecurityGroupsCommand,
  type EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import type { ActionDeps } from '../../../core/action.ts';
import type { Before, Interface, Tracking } from './before.ts';
import { QuarantineError } from './error.ts';
import { type Settings, shortens } from './settings.ts';

/** The least that AWS takes, in seconds. Source: EC2 API Reference, "ConnectionTrackingSpecificationRequest". */
export const shortest: Tracking = { tcp: 60, udpStream: 60, udp: 30 };

/**
 * AWS's defaults, but for TCP on Nitro v6 types, where it is 350. There is no call that takes a timeout out again.
 * Source: as above.
 */
export const usual: Tracking = { tcp: 432_000, udpStream: 180, udp: 30 };

/** All network interfaces that are attached to the instance. */
export async function interfacesOf(ec2: EC2Client, instance: string): Promise<readonly NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  const filter = { Filters: [{ Name: 'attachment.instance-id', Values: [instance] }] };
  for await (const page of paginateDescribeNetworkInterfaces({ client: ec2 }, filter)) {
    found.push(...(page.NetworkInterfaces ?? []));
  }
  return found;
}

/** What is kept of an interface. Throws QuarantineError for one without id or VPC, which EC2 does not make. */
export function interfaceOf(described: NetworkInterface): Interface {
  const { NetworkInterfaceId: id, VpcId: vpc, Groups, ConnectionTrackingConfiguration: set } = described;
  if (id === undefined || vpc === undefined) {
    throw new QuarantineError('EC2 does not tell the id and the VPC of a network interface: try again');
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

export function sameGroups(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((group) => b.includes(group));
}

/** Whether the timeouts are these; one that was never set is as good as AWS's default. */
export function sameTracking(a: Tracking, b: Tracking): boolean {
  const seconds = ({ tcp, udpStream, udp }: Tracking) => [
    tcp ?? usual.tcp,
    udpStream ?? usual.udpStream,
    udp ?? usual.udp,
  ];
  return String(seconds(a)) === String(seconds(b));
}

/**
 * Puts every recorded interface into the isolation group of its VPC, and only there. One that was deleted is left to
 * the check. Throws QuarantineError when somebody has changed the groups of one meanwhile, after isolating the others.
 */
export async function isolate(
  before: Before,
  settings: Settings,
  groupOf: ReadonlyMap<string, string>,
  { clients: { ec2 } }: ActionDeps,
): Promise<void> {
  await eachInterface(before, ec2, async (was, now) => {
    const isolation = groupOf.get(was.vpc);
    if (isolation === undefined) throw new QuarantineError(`there is no isolation group for ${was.vpc}`);
    if (shortens(settings)) await setTracking(ec2, now, shortest);
    return setGroups(ec2, now, [isolation], was.groups);
  });
}

/** Gives every recorded interface back its groups and timeouts. Throws QuarantineError as `isolate` does. */
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
    throw new QuarantineError(
      `${problems.join('; ')}: somebody has changed this meanwhile, and it was left as it is; decide what should ` +
        'hold, and set it by hand',
    );
  }
}

/** Sets the groups, if they are those that are expected; answers what is in the way if not. */
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

/** One call takes one attribute. Source: EC2 API Reference, "ModifyNetworkInterfaceAttribute". */
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

/** Throws QuarantineError when a group that an interface had is deleted, before anything is changed. */
async function groupsExist(before: Before, ec2: EC2Client): Promise<void> {
  const missing = await missingGroups(before, ec2);
  if (missing.length > 0) {
    throw new QuarantineError(
      `the security groups ${missing.join(', ')} do not exist any more: nothing was put back; give the interfaces ` +
        'groups by hand',
    );
  }
}

async function missingGroups(before: Before, ec2: EC2Client): Promise<readonly string[]> {
  const groups = [...new Set(before.interfaces.flatMap((each) => each.groups))];
  if (groups.length === 0) return [];
  // A filter does not fail for what is not there, as asking by id does; it takes 200 values, more than interfaces have.
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: groups }] }),
  );
  const present = new Set((SecurityGroups ?? []).map(({ GroupId }) => GroupId));
  return groups.filter((group) => !present.has(group));
}
