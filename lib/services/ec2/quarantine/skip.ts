/** Why a quarantine is skipped, each reason a clause for people. Pure. */
import type { NetworkInterface, Tag } from '@aws-sdk/client-ec2';
import type { Resource } from '../../../core/control.ts';
import { matchesPattern } from '../../../core/pattern.ts';
import { printable } from '../../../core/text.ts';
import { interfaceOf } from './interfaces.ts';
import { isolationGroupName } from './names.ts';
import { isolates, type Settings, stops } from './settings.ts';
import type { QuarantineState } from './state.ts';

/**
 * Tags of the nodes of EKS clusters, by every tool that launches them: EKS itself, an Auto Scaling group, eksctl,
 * Karpenter.
 * Source: Amazon EKS User Guide, "Launch self-managed nodes", "Customize managed nodes with launch templates".
 */
const nodeTags = ['eks:cluster-name', 'aws:eks:cluster-name', 'kubernetes.io/cluster/*', 'karpenter.sh/*'];

/** Interfaces whose security groups are the instance's own, and the only ones that its traffic passes. */
const ordinaryTypes: readonly (string | undefined)[] = [undefined, 'interface', 'efa', 'efa-only'];

/**
 * Every reason to skip a quarantine.
 * @param seen everything that was read about the instance.
 * @param ours ids of network interfaces that an earlier quarantine of the instance isolated.
 * @returns clauses for people; none where the quarantine may run.
 * @example obstacles(seen, settings, resource) // ['it belongs to the account 444455556666']
 */
export function obstacles(
  seen: QuarantineState,
  settings: Settings,
  resource: Resource,
  ours: readonly string[] = [],
): readonly string[] {
  return [
    ...identity(seen, resource),
    ...tags(seen.instance.Tags ?? [], settings),
    ...autoScaling(seen, settings),
    ...loadBalancing(seen, settings),
    ...spot(seen, settings),
    ...(stops(settings) ? stopping(seen) : []),
    ...(isolates(settings) ? isolating(seen, resource, ours) : []),
  ];
}

/**
 * Why an instance needs no quarantine: it is stopped or isolated already, as the settings require.
 * @returns a sentence for people; `undefined` where the quarantine changes something.
 * @example needlessBecause(seen, { ...settings, mode: 'stop' }) // 'The instance i-0123456789abcdef0 is stopped already.'
 */
export function needlessBecause(seen: QuarantineState, settings: Settings): string | undefined {
  const { State, InstanceId } = seen.instance;
  const stopped = State?.Name === 'stopped' || State?.Name === 'stopping';
  if (stops(settings) && !stopped) return undefined;
  if (!isolates(settings)) return `The instance ${InstanceId} is ${State?.Name} already.`;
  const isolated = seen.interfaces.length > 0 && seen.interfaces.every(isIsolated);
  return isolated ? `Every network interface of the instance ${InstanceId} is isolated already.` : undefined;
}

function identity({ instance, owner }: QuarantineState, resource: Resource): readonly string[] {
  const state = instance.State?.Name;
  const stack = tagOf(instance.Tags, 'aws:cloudformation:stack-name');
  return [
    ...(owner === undefined || owner === resource.account ? [] : [`it belongs to the account ${owner}`]),
    ...(state === 'running' || state === 'stopped' || state === 'stopping'
      ? []
      : [`it is ${state} just now`]),
    ...(stack?.startsWith('trailseal-') ? [`it is part of Trailseal's own stack ${printable(stack)}`] : []),
    ...(instance.Operator?.Managed === true
      ? [`${instance.Operator.Principal ?? 'an AWS service'} manages it, and lets nobody else change it`]
      : []),
  ];
}

function tags(borne: readonly Tag[], { eksNodes, criticalTags }: Settings): readonly string[] {
  const nodeTag = borne.find(({ Key = '' }) => nodeTags.some((pattern) => matchesPattern(pattern, Key)));
  const critical = Object.entries(criticalTags).flatMap(([key, patterns]) => {
    const value = tagOf(borne, key);
    return value !== undefined && patterns.some((pattern) => matchesPattern(pattern, value))
      ? [`it is tagged as critical (${printable(key)}: ${printable(value)})`]
      : [];
  });
  return [
    ...(nodeTag === undefined || eksNodes === 'act'
      ? []
      : [
          `it is a node of an EKS cluster (tag ${printable(nodeTag.Key ?? '')}); eksNodes: act would allow it`,
        ]),
    ...critical,
  ];
}

function autoScaling({ member, capacity }: QuarantineState, settings: Settings): readonly string[] {
  if (member === null) return [];
  const group = printable(member.group);
  if (settings.autoScaling === 'skip') {
    return [
      `it is a member of the Auto Scaling group ${group}; autoScaling: standby or detach would allow it`,
    ];
  }
  // An instance in standby is neither health-checked nor replaced.
  if (member.lifecycle === 'Standby') return [];
  if (member.lifecycle !== 'InService') {
    return [
      `it is ${printable(member.lifecycle)} in the Auto Scaling group ${group}, neither in service nor in standby`,
    ];
  }
  const refused = lowering(capacity, settings);
  const classic = capacity?.classic === true && settings.loadBalanced === 'skip';
  return [
    ...(refused === undefined ? [] : [`the Auto Scaling group ${group} ${refused}`]),
    ...(classic
      ? [`the Auto Scaling group ${group} has a Classic Load Balancer; loadBalanced: drain would allow it`]
      : []),
  ];
}

function lowering(
  capacity: QuarantineState['capacity'],
  { autoScalingCapacity }: Settings,
): string | undefined {
  if (autoScalingCapacity === 'keep' || capacity === null || capacity.desired > capacity.min)
    return undefined;
  return `is at its minimum of ${capacity.min}, and can't be lowered; autoScalingCapacity: keep would allow it`;
}

function loadBalancing({ registrations }: QuarantineState, { loadBalanced }: Settings): readonly string[] {
  if (registrations.length === 0 || loadBalanced === 'drain') return [];
  const groups = [...new Set(registrations.map(({ targetGroup }) => targetGroupName(targetGroup)))];
  return [`it is behind a load balancer (${groups.join(', ')}); loadBalanced: drain would allow it`];
}

/**
 * The name and id of a target group, from its ARN, fit for messages.
 * @param arn the group's ARN.
 * @example targetGroupName('arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef') // 'web/0123456789abcdef'
 */
export function targetGroupName(arn: string): string {
  return printable(arn.split(':targetgroup/')[1] ?? arn);
}

function spot({ instance }: QuarantineState, settings: Settings): readonly string[] {
  if (instance.InstanceLifecycle !== 'spot') return [];
  if (settings.spot === 'skip') return ['it is a Spot Instance; spot: act would allow it to be isolated'];
  return stops(settings) ? ['it is a Spot Instance, and those are never stopped, only isolated'] : [];
}

function stopping({ instance, protectedFromStop }: QuarantineState): readonly string[] {
  if (instance.State?.Name !== 'running') return [];
  return [
    ...(protectedFromStop ? ['it is protected from being stopped (disableApiStop)'] : []),
    ...(instance.RootDeviceType === 'instance-store'
      ? ['its root volume is an instance store, so that it can only be terminated, not stopped']
      : []),
  ];
}

function isolating(
  { instance, interfaces }: QuarantineState,
  resource: Resource,
  ours: readonly string[],
): readonly string[] {
  const isolated = interfaces.filter(
    (each) => isIsolated(each) && !ours.includes(each.NetworkInterfaceId ?? ''),
  );
  const secondary = (instance.SecondaryInterfaces ?? []).length > 0;
  return [
    ...(instance.VpcId === undefined ? ['it is in no VPC, where there are no groups to isolate it'] : []),
    ...(interfaces.length === 0 ? ['it has no network interface that could be isolated'] : []),
    ...interfaces.flatMap((each) => unlike(each, resource)),
    ...(secondary ? ['it has interfaces of a secondary network, which security groups do not reach'] : []),
    ...(isolated.length > 0 && isolated.length < interfaces.length
      ? [
          `of its network interfaces only ${idsOf(isolated)} are isolated: another quarantine is under way or was ` +
            'interrupted, or the others were attached later',
        ]
      : []),
  ];
}

/** What makes an interface unlike the instance's own, so that the instance would not be isolated. */
function unlike(each: NetworkInterface, { account }: Resource): readonly string[] {
  const name = `its network interface ${each.NetworkInterfaceId}`;
  if (each.OwnerId !== undefined && each.OwnerId !== account) {
    return [`${name} belongs to the account ${each.OwnerId}`];
  }
  if (each.RequesterManaged === true || each.Operator?.Managed === true) {
    return [`${name} is managed by an AWS service, and can't be changed`];
  }
  if (each.InterfaceType === 'trunk') {
    return [`${name} carries branch interfaces of tasks or pods, which have security groups of their own`];
  }
  return ordinaryTypes.includes(each.InterfaceType) ? [] : [`${name} is of the kind ${each.InterfaceType}`];
}

function isIsolated(described: NetworkInterface): boolean {
  const { vpc } = interfaceOf(described);
  const names = (described.Groups ?? []).map(({ GroupName }) => GroupName);
  return names.length === 1 && names[0] === isolationGroupName(vpc);
}

function idsOf(interfaces: readonly NetworkInterface[]): string {
  return interfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId).join(', ');
}

function tagOf(borne: readonly Tag[] | undefined, key: string): string | undefined {
  return borne?.find(({ Key }) => Key === key)?.Value;
}
