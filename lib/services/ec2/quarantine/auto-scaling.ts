/** Moves an instance out of its Auto Scaling group, so that the group does not terminate it, and back. */
import {
  AttachInstancesCommand,
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
} from '@aws-sdk/client-auto-scaling';
import { type ActionDeps, ActionError, UnderWay } from '../../../core/action.ts';
import type { Before } from './before.ts';
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

/**
 * Reads the group that an instance is a member of.
 * @returns the group and the lifecycle state; `null` when it is in no group. Rejects with what the SDK throws.
 * @example await memberOf(autoScaling, 'i-0123456789abcdef0') // { group: 'web', lifecycle: 'InService' }
 */
export async function memberOf(autoScaling: AutoScalingClient, instance: string): Promise<Member | null> {
  const { AutoScalingInstances } = await autoScaling.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }),
  );
  const found = AutoScalingInstances?.find(({ InstanceId }) => InstanceId === instance);
  return found?.AutoScalingGroupName === undefined
    ? null
    : { group: found.AutoScalingGroupName, lifecycle: found.LifecycleState ?? 'unknown' };
}

/**
 * Reads the capacity of a group and its limits.
 * @returns `null` when no group has this name. Rejects with what the SDK throws.
 * @example await capacityOf(autoScaling, 'web') // { desired: 2, min: 1, max: 4, classic: false }
 */
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

/**
 * Puts the instance in standby or detaches it, as `before` says, and waits for it.
 * @throws UnderWay when the move takes longer than two minutes; ActionError when the instance is in another group
 *   now.
 * @example await leave(before, settings, deps);
 */
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
 * Brings the instance back into service, which raises the group's desired capacity by one.
 * @throws ActionError when the group was deleted, has no room, or is another now; UnderWay when the move takes
 *   longer than two minutes.
 * @example await comeBack(before, deps);
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

/** Moves the instance by `nudge`, which returns whether it requested the move, and waits until it has arrived. */
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
    // Requested once: until reads show the move, a second request would fail or count twice.
    if (!nudged) nudged = await nudge(now);
    return undefined;
  });
  if (done === undefined) {
    throw new UnderWay(
      `the instance ${before.instance} is ${describeMember(now)} after ${moving.forSeconds} seconds; if that lasts, ` +
        'read the activity history of the group and its lifecycle hooks',
    );
  }
}

/**
 * An instance's membership, as a clause for people.
 * @example describeMember({ group: 'web', lifecycle: 'Standby' }) // 'Standby in the Auto Scaling group web'
 */
export function describeMember(member: Member | null): string {
  return member === null
    ? 'in no Auto Scaling group'
    : `${member.lifecycle} in the Auto Scaling group ${member.group}`;
}

async function roomIn(autoScaling: AutoScalingClient, group: string, instance: string): Promise<void> {
  const capacity = await capacityOf(autoScaling, group);
  if (capacity === null) {
    throw new ActionError(
      `the Auto Scaling group ${group} was deleted: ${instance} can't be put back into it`,
    );
  }
  if (capacity.desired >= capacity.max) {
    throw new ActionError(
      `the Auto Scaling group ${group} is at its maximum of ${capacity.max}: raise it by one, or lower the desired ` +
        `capacity, so that ${instance} has room, then try again`,
    );
  }
}

function otherGroup(instance: string, now: string, was: string): ActionError {
  return new ActionError(
    `the instance ${instance} is a member of the Auto Scaling group ${now} now, not of ${was}: decide where it ` +
      'belongs, and move it by hand',
  );
}
