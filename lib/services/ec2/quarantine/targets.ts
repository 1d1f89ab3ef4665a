/**
 * The target groups that an instance is registered in. Elastic Load Balancing has no call that lists them by target,
 * so this module reads all groups of the VPCs concerned. Targets registered by address count where the address is one
 * of the instance's own; it does not find those registered from another VPC, and Classic Load Balancers only where an
 * Auto Scaling group registers with them.
 */
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  paginateDescribeTargetGroups,
  RegisterTargetsCommand,
  type TargetDescription,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ActionDeps } from '../../../core/action.ts';
import type { Before, Registration } from './before.ts';
import type { Settings } from './settings.ts';
import { until } from './until.ts';

/** How many groups are read at once. */
const atOnce = 10;

/** What an instance may be registered as. */
export interface Identities {
  readonly instance: string;
  readonly vpcs: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Reads all present registrations of an instance. Rejects with what the SDK throws.
 * @param identities the instance's id, VPCs and private addresses.
 * @example (await registrationsOf(elb, { instance: 'i-0123456789abcdef0', vpcs: ['vpc-1'], addresses: [] })).length // 1
 */
export async function registrationsOf(
  elb: ElasticLoadBalancingV2Client,
  { instance, vpcs, addresses }: Identities,
): Promise<readonly Registration[]> {
  const groups: string[] = [];
  for await (const page of paginateDescribeTargetGroups({ client: elb }, {})) {
    for (const { TargetGroupArn, TargetType, VpcId } of page.TargetGroups ?? []) {
      const concerned = TargetType === 'instance' || TargetType === 'ip';
      if (concerned && VpcId !== undefined && vpcs.includes(VpcId) && TargetGroupArn !== undefined) {
        groups.push(TargetGroupArn);
      }
    }
  }
  const ids = new Set([instance, ...addresses]);
  const found: Registration[] = [];
  for (let from = 0; from < groups.length; from += atOnce) {
    const some = groups.slice(from, from + atOnce);
    const answers = await Promise.all(some.map((group) => targetsIn(elb, group)));
    found.push(...answers.flat().filter(({ target }) => ids.has(target)));
  }
  return found;
}

/** The present registrations in one group; none where the group was deleted. */
async function targetsIn(
  elb: ElasticLoadBalancingV2Client,
  targetGroup: string,
): Promise<readonly Registration[]> {
  return (await healthIn(elb, targetGroup)).filter(isRegistered).flatMap(({ Target, TargetHealth }) =>
    Target?.Id === undefined
      ? []
      : {
          targetGroup,
          target: Target.Id,
          port: Target.Port ?? null,
          zone: Target.AvailabilityZone ?? null,
          quicServerId: Target.QuicServerId ?? null,
          health: TargetHealth?.State ?? 'unknown',
        },
  );
}

async function healthIn(
  elb: ElasticLoadBalancingV2Client,
  targetGroup: string,
  targets?: readonly TargetDescription[],
): Promise<readonly TargetHealthDescription[]> {
  try {
    const answer = await elb.send(
      new DescribeTargetHealthCommand({
        TargetGroupArn: targetGroup,
        ...(targets === undefined ? {} : { Targets: [...targets] }),
      }),
    );
    return answer.TargetHealthDescriptions ?? [];
  } catch (error) {
    if (error instanceof Error && error.name === 'TargetGroupNotFoundException') return [];
    throw error;
  }
}

/** Source: Elastic Load Balancing API Reference, "TargetHealth": Reason. */
function isRegistered({ TargetHealth }: TargetHealthDescription): boolean {
  const reason = TargetHealth?.Reason;
  return reason !== 'Target.NotRegistered' && reason !== 'Target.DeregistrationInProgress';
}

/**
 * Reads which of the recorded registrations exist now. Rejects with what the SDK throws.
 * @returns elements of `before.registrations`.
 * @example (await presentRegistrations(before, elb)).length // 0: the instance is deregistered
 */
export async function presentRegistrations(
  before: Before,
  elb: ElasticLoadBalancingV2Client,
): Promise<readonly Registration[]> {
  const groups = [...new Set(before.registrations.map(({ targetGroup }) => targetGroup))];
  const present: Registration[] = [];
  for (const group of groups) present.push(...(await targetsIn(elb, group)));
  return before.registrations.filter((was) => present.some((now) => sameRegistration(was, now)));
}

function sameRegistration(a: Registration, b: Registration): boolean {
  return a.targetGroup === b.targetGroup && a.target === b.target && a.port === b.port;
}

/**
 * Deregisters the instance from all its target groups, and waits until no connection drains any more, or for as long
 * as
 * `drainSeconds` says. Rejects with what the SDK throws.
 * @example await drain(before, settings, deps);
 */
export async function drain(before: Before, { drainSeconds }: Settings, deps: ActionDeps): Promise<void> {
  const { elb } = deps.clients;
  const present = await presentRegistrations(before, elb);
  for (const [group, targets] of byGroup(present)) {
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn: group, Targets: targets }));
  }
  await until(deps, { everySeconds: 10, forSeconds: drainSeconds }, async () => {
    for (const [group, targets] of byGroup(before.registrations)) {
      const health = await healthIn(elb, group, targets);
      if (health.some(({ TargetHealth }) => TargetHealth?.State === 'draining')) return undefined;
    }
    return true;
  });
}

/**
 * Registers the instance again in all its former target groups, with the same ports. Rejects with what the SDK
 * throws.
 * @example await register(before, deps);
 */
export async function register(before: Before, { clients: { elb } }: ActionDeps): Promise<void> {
  const present = await presentRegistrations(before, elb);
  const missing = before.registrations.filter((was) => !present.includes(was));
  for (const [group, targets] of byGroup(missing)) {
    await elb.send(new RegisterTargetsCommand({ TargetGroupArn: group, Targets: targets }));
  }
}

function byGroup(registrations: readonly Registration[]): ReadonlyMap<string, TargetDescription[]> {
  const groups = Map.groupBy(registrations, ({ targetGroup }) => targetGroup);
  return new Map([...groups].map(([group, some]) => [group, some.map(targetOf)]));
}

function targetOf({ target, port, zone, quicServerId }: Registration): TargetDescription {
  return {
    Id: target,
    ...(port === null ? {} : { Port: port }),
    ...(zone === null ? {} : { AvailabilityZone: zone }),
    ...(quicServerId === null ? {} : { QuicServerId: quicServerId }),
  };
}
