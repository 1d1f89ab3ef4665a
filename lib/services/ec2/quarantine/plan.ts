/** The steps of a quarantine, in order, and which of them can't be undone, in sentences for people. Pure. */
import { printable } from '../../../core/text.ts';
import type { Before } from './before.ts';
import { shortest } from './interfaces.ts';
import { isolationGroupName } from './names.ts';
import { isolates, type Settings, shortens, stops } from './settings.ts';
import { targetGroupName } from './skip.ts';
import type { QuarantineState } from './state.ts';

/**
 * The plan of a quarantine.
 * @param before the state of the instance.
 * @param settings the policy's settings of quarantine.
 * @param seen everything that was read about the instance.
 * @returns one sentence for each step, in order.
 * @example planOf(before, settings, seen)[0] // 'Protect i-0123456789abcdef0 from termination.'
 */
export function planOf(before: Before, settings: Settings, seen: QuarantineState): readonly string[] {
  return [
    ...protection(before),
    ...snapshots(before, settings),
    ...autoScaling(before, settings),
    ...draining(before, settings),
    ...(isolates(settings) ? isolation(before, settings) : []),
    ...(stops(settings) && before.state === 'running' ? stop(before, seen) : []),
    ...credentials(before),
  ];
}

function protection({ instance, protects, terminationProtection }: Before): readonly string[] {
  if (!protects)
    return [`Leave ${instance} unprotected from termination, as AWS lets no Spot Instance be protected.`];
  return terminationProtection ? [] : [`Protect ${instance} from termination.`];
}

function snapshots({ volumes }: Before, { snapshot }: Settings): readonly string[] {
  if (!snapshot) return [];
  return volumes.length === 0
    ? ['Take no snapshots: no EBS volume is attached.']
    : [`Take snapshots of ${volumes.join(', ')}, together; they stay, also after an undo.`];
}

function autoScaling(
  { autoScaling: membership, instance }: Before,
  { autoScalingCapacity }: Settings,
): readonly string[] {
  if (membership === null) return [];
  const group = printable(membership.group);
  if (membership.step === 'none') return [`Leave ${instance} in standby in the Auto Scaling group ${group}.`];
  const move =
    membership.step === 'standby'
      ? `Put ${instance} in standby in the Auto Scaling group ${group}`
      : `Detach ${instance} from the Auto Scaling group ${group}`;
  return autoScalingCapacity === 'keep'
    ? [
        `${move}, which launches a replacement; an undo brings it back beside that, if the group's maximum leaves room.`,
      ]
    : [`${move}, whose desired capacity is lowered by one; an undo raises it again.`];
}

function draining({ registrations, instance }: Before, { drainSeconds }: Settings): readonly string[] {
  return registrations.map(
    ({ targetGroup, target, port }) =>
      `Deregister ${target === instance ? instance : `the address ${target}`}${port === null ? '' : `, port ${port},`} ` +
      `from the target group ${targetGroupName(targetGroup)}, and let its connections drain for at most ` +
      `${drainSeconds} seconds.`,
  );
}

function isolation({ interfaces }: Before, settings: Settings): readonly string[] {
  const vpcs = [...new Set(interfaces.map(({ vpc }) => vpc))];
  return [
    ...vpcs.map(
      (vpc) => `Make the security group ${isolationGroupName(vpc)} without any rule, unless it is there.`,
    ),
    ...(shortens(settings)
      ? [
          `Shorten the idle timeouts of every network interface to ${shortest.tcp} seconds (TCP, UDP streams) and ` +
            `${shortest.udp} seconds (UDP); an undo sets those that nobody had set to AWS's usual values.`,
        ]
      : []),
    ...interfaces.map(
      ({ id, vpc, groups, found = groups }) =>
        `Replace the security groups ${found.join(', ')} of ${id} by ${isolationGroupName(vpc)} alone.`,
    ),
    ...connections(settings),
  ];
}

function connections(settings: Settings): readonly string[] {
  if (stops(settings)) return [];
  const left =
    'Connections that are open go on for as long as they carry traffic, and tracked ones then for their idle timeout; ' +
    'what ends is not brought back by an undo.';
  return settings.trackedConnections === 'wait'
    ? [left, `Wait ${shortest.tcp} seconds for tracked connections that are idle to be forgotten.`]
    : [left];
}

function stop({ instance }: Before, { interfaces }: QuarantineState): readonly string[] {
  const lost = interfaces.flatMap(({ Association }) =>
    Association?.IpOwnerId === 'amazon' ? (Association.PublicIp ?? []) : [],
  );
  return [
    `Stop ${instance}; an undo starts it again, but not what ran in it: memory, connections and data on instance ` +
      'store volumes are lost, and AWS may have no capacity for it just then.',
    ...(lost.length === 0
      ? []
      : [`Its public addresses ${lost.join(', ')} are lost with that, and it gets others.`]),
  ];
}

function credentials({ profile }: Before): readonly string[] {
  return profile === null
    ? []
    : [
        `Leave its instance profile ${printable(profile.arn)}: credentials that were handed out stay valid until they ` +
          "expire, unless somebody revokes the role's sessions.",
      ];
}
