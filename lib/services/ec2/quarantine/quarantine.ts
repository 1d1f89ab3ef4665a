import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import { comeBack, leave, memberOf } from './auto-scaling.ts';
import { type Before, before, was } from './before.ts';
import { compareWithBefore, compareWithQuarantine, type Present } from './compare.ts';
import {
  deletedBecause,
  describeInstance,
  isProtectedFromTermination,
  protect,
  start,
  stop,
} from './instance.ts';
import { interfaceOf, interfacesOf, isolate, release, shortest } from './interfaces.ts';
import { ensureIsolationGroup, findIsolationGroup, type IsolationGroup } from './isolation-group.ts';
import { markOf } from './names.ts';
import { permissions, undoPermissions } from './permissions.ts';
import { planOf } from './plan.ts';
import { carriedOver, whyNotUnder } from './repeat.ts';
import { revertedBy } from './reverted-by.ts';
import { isolates, type Settings, settings, shortens, stops } from './settings.ts';
import { needlessBecause, obstacles } from './skip.ts';
import { snapshotOnce } from './snapshots.ts';
import { type QuarantineState, readState } from './state.ts';
import { drain, presentRegistrations, register } from './targets.ts';

/** What an undo does not bring back. */
const notRestored = {
  stopped:
    'what a stop ended: memory, connections, data on instance store volumes, and public addresses that AWS had given',
  connections: 'connections that ended while it was cut off',
  snapshots: 'the snapshots, which stay',
  isolationGroup: 'the isolation group, which stays',
  capacity:
    'the desired capacity of an Auto Scaling group that launched a replacement: it is one higher than before',
  scaleInProtection: 'the scale-in protection of an instance that was detached',
  timeouts:
    "idle timeouts that nobody had set: they are set to AWS's usual values (432000, 180 and 30 seconds)",
} as const;

/**
 * Takes an EC2 instance out of service and isolates it, in an order that does not destroy it: an instance that is
 * isolated while it is in service fails the health checks of its Auto Scaling group, which terminates it in spite of
 * its termination protection. It never gets a security group that is open to the world, although that would end
 * tracked connections at once.
 * Source: Amazon EC2 User Guide, "Security group connection tracking", "Change instance termination protection";
 * Amazon EC2 Auto Scaling User Guide, "Temporarily remove instances from your Auto Scaling group".
 */
export const quarantine = defineAction({
  id: 'quarantine',
  description:
    'Cuts an EC2 instance off by moving all its network interfaces to a security group without any rule, or stops it, ' +
    'or both; protects it from termination, and takes snapshots first where that is asked for. Members of Auto Scaling ' +
    'groups, instances in target groups, EKS nodes and Spot Instances are left alone unless the policy names them.',
  risk:
    'Whatever the instance does ends for as long as it is quarantined. Security groups do not stop connections that ' +
    'are open at once, nor traffic to the instance metadata service, the Amazon DNS server and time service, and ' +
    'credentials of its role that were handed out stay valid. Classic Load Balancers and IP targets of other VPCs are ' +
    'not seen.',
  permissions,
  settings,
  before,
  was,
  revertedBy,

  async prepare({ resource, finding, settings }, deps) {
    const described = await describeInstance(deps.clients.ec2, resource.id);
    const deleted = deletedBecause(resource.id, described);
    if (described === undefined || deleted !== undefined) {
      return { kind: 'skipped', because: `Nothing is left to quarantine: ${deleted}.` };
    }
    const seen = await readState(resource.id, described, deps);
    const needless = needlessBecause(seen, settings);
    if (needless !== undefined) return { kind: 'needless', because: needless };
    const against = obstacles(seen, settings, resource);
    if (against.length > 0) {
      return {
        kind: 'skipped',
        because: `The instance ${resource.id} is left alone: ${against.join('; ')}.`,
      };
    }
    const mark = markOf(finding.id, resource.id, deps.now());
    const recorded = recordOf(resource.id, mark, seen, settings);
    return { kind: 'ready', before: recorded, plan: planOf(recorded, settings, seen) };
  },

  async prepareAgain(
    { resource, finding, settings },
    { before: earlier, settings: then, sameFailure },
    deps,
  ) {
    const described = await describeInstance(deps.clients.ec2, resource.id);
    const deleted = deletedBecause(resource.id, described);
    if (described === undefined || deleted !== undefined) {
      return { kind: 'skipped', because: `Nothing is left to quarantine: ${deleted}.` };
    }
    const narrower = whyNotUnder(settings, then);
    if (narrower !== undefined) return { kind: 'skipped', because: narrower };
    const seen = await readState(resource.id, described, deps);
    const ours = earlier.interfaces.map(({ id }) => id);
    const against = obstacles(seen, settings, resource, ours);
    if (against.length > 0) {
      return {
        kind: 'skipped',
        because: `The instance ${resource.id} is left alone: ${against.join('; ')}.`,
      };
    }
    const mark = markOf(finding.id, resource.id, deps.now());
    const recorded = recordOf(resource.id, mark, seen, settings);
    const isolation = new Map([...(await isolationGroups(earlier, deps))].map(([vpc, { id }]) => [vpc, id]));
    const carried = carriedOver(earlier, recorded, isolation, sameFailure);
    const present = await reEvaluate(carried, settings, deps);
    if ('kind' in present) return { kind: 'skipped', because: `The instance ${resource.id} was deleted.` };
    if (compareWithQuarantine(carried, settings, present).kind === 'as-set') {
      return { kind: 'needless', because: `The instance ${resource.id} is quarantined already.` };
    }
    return { kind: 'ready', before: carried, plan: planOf(carried, settings, seen) };
  },

  async apply({ finding, settings }, before, deps) {
    const { ec2 } = deps.clients;
    // The check reports a deleted instance.
    if (deletedBecause(before.instance, await describeInstance(ec2, before.instance)) !== undefined) return;
    if (before.protects) await protect(ec2, before.instance, true);
    if (settings.snapshot && before.volumes.length > 0) await snapshotOnce(before, finding.id, deps);
    await leave(before, settings, deps);
    if (before.registrations.length > 0) await drain(before, settings, deps);
    if (isolates(settings)) {
      const groupOf = new Map<string, string>();
      for (const vpc of vpcsOf(before)) groupOf.set(vpc, await ensureIsolationGroup(vpc, deps));
      await isolate(before, settings, groupOf, deps);
      if (shortens(settings) && settings.trackedConnections === 'wait') {
        await deps.wait((shortest.tcp ?? 0) * 1_000);
      }
    }
    if (stops(settings)) await stop(before.instance, deps);
  },

  async check({ settings }, before, deps) {
    const present = await reEvaluate(before, settings, deps);
    return 'kind' in present ? present : compareWithQuarantine(before, settings, present);
  },

  undo: {
    kind: 'restores',
    by: 'operator',
    because: 'It gives an instance that may be compromised its network back.',
    except: Object.values(notRestored),
    exceptFor: ({ state, autoScaling, interfaces }, settings) => [
      ...(stops(settings) && state === 'running' ? [notRestored.stopped] : []),
      ...(isolates(settings) ? [notRestored.connections, notRestored.isolationGroup] : []),
      ...(settings.snapshot ? [notRestored.snapshots] : []),
      ...(autoScaling === null || autoScaling.step === 'none' ? [] : [notRestored.capacity]),
      ...(autoScaling?.step === 'detach' ? [notRestored.scaleInProtection] : []),
      ...(shortens(settings) && interfaces.some(({ tracking }) => Object.values(tracking).includes(null))
        ? [notRestored.timeouts]
        : []),
    ],
    permissions: undoPermissions,
    /**
     * The steps in reverse, except for the first two: an instance gets its network back before it starts, because its
     * startup may need it.
     */
    async restore({ settings }, before, deps) {
      const { ec2 } = deps.clients;
      if (deletedBecause(before.instance, await describeInstance(ec2, before.instance)) !== undefined) return;
      if (isolates(settings)) {
        const groups = await isolationGroups(before, deps);
        const ids = new Map([...groups].map(([vpc, { id }]) => [vpc, id]));
        await release(before, settings, ids, deps);
      }
      if (stops(settings) && before.state === 'running') await start(before.instance, deps);
      if (before.registrations.length > 0) await register(before, deps);
      await comeBack(before, deps);
      if (before.protects) await protect(ec2, before.instance, before.terminationProtection);
    },
    async restored({ settings }, before, deps) {
      const present = await reEvaluate(before, settings, deps);
      return 'kind' in present ? present : compareWithBefore(before, settings, present);
    },
  },
});

function recordOf(id: string, mark: string, seen: QuarantineState, { autoScaling }: Settings): Before {
  const { instance, interfaces, protectedFromTermination, profile, member, registrations } = seen;
  return {
    instance: id,
    mark,
    state: instance.State?.Name ?? 'unknown',
    terminationProtection: protectedFromTermination,
    protects: instance.InstanceLifecycle !== 'spot',
    profile,
    volumes: (instance.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
    tags: (instance.Tags ?? []).map(({ Key, Value }) => ({ key: Key ?? '', value: Value ?? '' })),
    interfaces: interfaces.map(interfaceOf),
    // A target that is not running gets no traffic, and cannot be registered.
    registrations: instance.State?.Name === 'running' ? [...registrations] : [],
    autoScaling:
      member === null
        ? null
        : {
            ...member,
            step: member.lifecycle === 'InService' && autoScaling !== 'skip' ? autoScaling : 'none',
          },
  };
}

async function reEvaluate(before: Before, settings: Settings, deps: ActionDeps): Promise<Present | Check> {
  const { ec2, elb, autoScaling } = deps.clients;
  const described = await describeInstance(ec2, before.instance);
  const deleted = deletedBecause(before.instance, described);
  if (deleted !== undefined) return { kind: 'deleted', because: deleted };
  return {
    state: described?.instance.State?.Name ?? 'unknown',
    terminationProtection: await isProtectedFromTermination(ec2, before.instance),
    interfaces: (await interfacesOf(ec2, before.instance)).map(interfaceOf),
    isolation: isolates(settings) ? await isolationGroups(before, deps) : new Map(),
    registrations: await presentRegistrations(before, elb),
    member: await memberOf(autoScaling, before.instance),
  };
}

async function isolationGroups(
  before: Before,
  { clients: { ec2 } }: ActionDeps,
): Promise<ReadonlyMap<string, IsolationGroup>> {
  const groups = new Map<string, IsolationGroup>();
  for (const vpc of vpcsOf(before)) {
    const group = await findIsolationGroup(ec2, vpc);
    if (group !== undefined) groups.set(vpc, group);
  }
  return groups;
}

function vpcsOf({ interfaces }: Before): readonly string[] {
  return [...new Set(interfaces.map(({ vpc }) => vpc))];
}
