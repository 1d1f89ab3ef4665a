/** The Auto Scaling group that an instance is a member of: out of it, so that it is not replaced, and back. */
import {
  AttachInstancesCommand,
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
} from '@aws-sdk/client-auto-scaling';
import { type ActionDeps, UnderWay } from '../../../core/action.ts';
import type { Before } from './before.ts';
import { QuarantineError } from './error.ts';
import type { Settings } from './settings.ts';
import { type RetryDelay, until } from './until.ts';

/** A move waits for connections to drain and for lifecycle hooks. */
const moving: RetryDelay = { everySeconds: 5, forSeconds: 120 };

export interface Member {
  readonly group: string;
  readonly lifecycle: string;
}

export interface Capacity {
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  /** Whether Classic Load Balancers are attached. */
  readonly classic: boolean;
}

/** The group that the instance is a member of; `null` when it is in none. */
export async function memberOf(autoScaling: AutoScalingClient, instance: string): Promise<Member | null> {
  const { AutoScalingInstances } = await autoScaling.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }),
  );
  const found = AutoScalingInstances?.find(({ InstanceId }) => InstanceId === instance);
  return found?.AutoScalingGroupName === undefined
    ? null
    : { group: found.AutoScalingGroupName, lifecycle: found.LifecycleState ?? 'unknown' };
}

/** How large the group is and may be; `null` when there is none of this name. */
export async function capacityOf(autoScaling: AutoScalingClient, group: string): Promise<Capacity | null> {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
  );
  const [found] = AutoScalingGroups ?? [];
  if (found === undefined) return null;
  return {
    desired: found.DesiredCapacity ?? 0,
    min: found.MinSize ?? 0,
    max: found.MaxSize ?? 0,
    classic: (found.LoadBalancerNames ?? []).length > 0,
  };
}

/** Puts the instance in standby, or detaches it, as was decided, and waits for it. Throws UnderWay. */
export async function leave(before: Before, settings: Settings, deps: ActionDeps): Promise<void> {
  const membership = before.autoScaling;
  if (membership === null || membership.step === 'none') return;
  const { autoScaling } = deps.clients;
  const { group, step } = membership;
  const request = {
    AutoScalingGroupName: group,
    InstanceIds: [before.instance],
    ShouldDecrementDesiredCapacity: settings.autoScalingCapacity === 'lower',
  };
  const moved = (now: Member | null) => (step === 'standby' ? now?.lifecycle === 'Standby' : now === null);
  await move(before, deps, moved, async (now) => {
    if (now?.lifecycle !== 'InService') return false;
    if (now.group !== group) throw otherGroup(before.instance, now.group, group);
    await (step === 'standby'
      ? autoScaling.send(new EnterStandbyCommand(request))
      : autoScaling.send(new DetachInstancesCommand(request)));
    return true;
  });
}

/**
 * Brings the instance back into service. This raises the group's desired capacity by one.
 * Throws QuarantineError when the group was deleted or has no room, and UnderWay.
 */
export async function comeBack(before: Before, deps: ActionDeps): Promise<void> {
  const membership = before.autoScaling;
  if (membership === null || membership.step === 'none') return;
  const { autoScaling } = deps.clients;
  const { group } = membership;
  const request = { AutoScalingGroupName: group, InstanceIds: [before.instance] };
  await move(
    before,
    deps,
    (now) => now?.lifecycle === 'InService',
    async (now) => {
      if (now !== null && now.group !== group) throw otherGroup(before.instance, now.group, group);
      if (now !== null && now.lifecycle !== 'Standby') return false;
      await roomIn(autoScaling, group, before.instance);
      await (now === null
        ? autoScaling.send(new AttachInstancesCommand(request))
        : autoScaling.send(new ExitStandbyCommand(request)));
      return true;
    },
  );
}

/** Moves the instance by `nudge`, which tells whether it asked for the move, and waits until it has arrived. */
async function move(
  before: Before,
  deps: ActionDeps,
  arrived: (now: Member | null) => boolean,
  nudge: (now: Member | null) => Promise<boolean>,
): Promise<void> {
  let now: Member | null = null;
  let nudged = false;
  const done = await until(deps, moving, async () => {
    now = await memberOf(deps.clients.autoScaling, before.instance);
    if (arrived(now)) return true;
    // Asked for once: until reads tell of it, a second time would be an error, or count twice.
    if (!nudged) nudged = await nudge(now);
    return undefined;
  });
  if (done === undefined) {
    throw new UnderWay(
      `the instance ${before.instance} is ${describeMember(now)} after ${moving.forSeconds} seconds; if that lasts, ` +
        'look at the activity history of the group and its lifecycle hooks',
    );
  }
}

/** A clause for people. */
export function describeMember(member: Member | null): string {
  return member === null
    ? 'in no Auto Scaling group'
    : `${member.lifecycle} in the Auto Scaling group ${member.group}`;
}

async function roomIn(autoScaling: AutoScalingClient, group: string, instance: string): Promise<void> {
  const capacity = await capacityOf(autoScaling, group);
  if (capacity === null) {
    throw new QuarantineError(
      `the Auto Scaling group ${group} was deleted: ${instance} can't be put back into it`,
    );
  }
  if (capacity.desired >= capacity.max) {
    throw new QuarantineError(
      `the Auto Scaling group ${group} is at its maximum of ${capacity.max}: raise it by one, or lower the desired ` +
        `capacity, so that ${instance} has room, then try again`,
    );
  }
}

function otherGroup(instance: string, now: string, was: string): QuarantineError {
  return new QuarantineError(
    `the instance ${instance} is a member of the Auto Scaling group ${now} now, not of ${was}: decide where it ` +
      'belongs, and move it by hand',
  );
}
