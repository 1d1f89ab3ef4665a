/** Compares the present state of an instance with its quarantine, and with its state before. Pure. */

import type { Check } from '../../../core/action.ts';
import { printable } from '../../../core/text.ts';
import { describeMember, type Member } from './auto-scaling.ts';
import type { Before, Interface, Registration } from './before.ts';
import { sameGroups, sameTracking, shortest } from './interfaces.ts';
import { type IsolationGroup, isNew, openings } from './isolation-group.ts';
import { isolates, type Settings, shortens, stops } from './settings.ts';
import { targetGroupName } from './skip.ts';

export interface Present {
  readonly state: string;
  readonly terminationProtection: boolean;
  readonly interfaces: readonly Interface[];
  /** By VPC; a VPC without an isolation group has no entry. */
  readonly isolation: ReadonlyMap<string, IsolationGroup>;
  /** The recorded registrations that exist now. */
  readonly registrations: readonly Registration[];
  readonly member: Member | null;
}

interface Difference {
  readonly clause: string;
  /** Whether it differs because a step was not taken yet, or is being taken; else somebody else changed it. */
  readonly pending: boolean;
}

/**
 * Whether the quarantine is complete.
 * @returns `as-set` with the present state, or `differs` with the differences, as clauses for people.
 * @example compareWithQuarantine(before, settings, present).kind // 'as-set'
 */
export function compareWithQuarantine(before: Before, settings: Settings, present: Present): Check {
  return checkOf(
    [
      ...protectionOff(before, present),
      ...(isolates(settings) ? notIsolated(before, settings, present) : []),
      ...stillRegistered(before, present),
      ...stillMember(before, present),
      ...(stops(settings) ? notStopped(before, present) : []),
    ],
    present,
  );
}

/**
 * Whether the instance is as it was before its quarantine.
 * @returns `as-set` with the present state, or `differs` with the differences, as clauses for people.
 * @example compareWithBefore(before, settings, present).kind // 'as-set'
 */
export function compareWithBefore(before: Before, settings: Settings, present: Present): Check {
  return checkOf(
    [
      ...protectionChanged(before, present),
      ...(isolates(settings) ? notDisengaged(before, settings, present) : []),
      ...notRegistered(before, present),
      ...notMember(before, present),
      ...(stops(settings) ? notStarted(before, present) : []),
    ],
    present,
  );
}

function checkOf(differences: readonly Difference[], present: Present): Check {
  if (differences.length === 0) return { kind: 'as-set', state: stateOf(present) };
  const pending = differences.every((each) => each.pending);
  return {
    kind: 'differs',
    differences: differences.map(({ clause }) => clause),
    // Where somebody else changed the instance the quarantine continues, because the state before must not be lost.
    ...(pending ? { partial: true } : {}),
  };
}

function stateOf({ state, terminationProtection, interfaces, member }: Present): readonly string[] {
  return [
    `it is ${state}`,
    `termination protection is ${terminationProtection ? 'on' : 'off'}`,
    ...interfaces.map(({ id, groups }) => `${id} has the security groups ${groups.join(', ')}`),
    ...(member === null ? [] : [`it is ${printable(describeMember(member))}`]),
  ];
}

function protectionOff(
  { protects, terminationProtection: was }: Before,
  now: Present,
): readonly Difference[] {
  return protects && !now.terminationProtection
    ? [{ clause: 'it is not protected from termination', pending: !was }]
    : [];
}

function protectionChanged(
  { protects, terminationProtection: was }: Before,
  now: Present,
): readonly Difference[] {
  return protects && now.terminationProtection !== was
    ? [{ clause: `termination protection is ${was ? 'off' : 'on'}`, pending: !was }]
    : [];
}

function notIsolated(before: Before, settings: Settings, present: Present): readonly Difference[] {
  const vpcs = [...new Set(before.interfaces.map(({ vpc }) => vpc))];
  return [
    ...vpcs.flatMap((vpc) => groupIsOpen(vpc, present)),
    ...eachInterface(before, present, (was, now) => {
      const isolation = present.isolation.get(was.vpc);
      const open =
        isolation === undefined || !sameGroups(now.groups, [isolation.id])
          ? [{ clause: hasGroups(now), pending: sameGroups(now.groups, was.found ?? was.groups) }]
          : [];
      const slow =
        shortens(settings) && !sameTracking(now.tracking, shortest)
          ? [{ clause: hasTimeouts(now), pending: sameTracking(now.tracking, was.tracking) }]
          : [];
      return [...open, ...slow];
    }),
    ...present.interfaces
      .filter(({ id }) => before.interfaces.every((was) => was.id !== id))
      .map((now) => ({ clause: `${hasGroups(now)}, and is new`, pending: false })),
  ];
}

function groupIsOpen(vpc: string, { isolation, interfaces }: Present): readonly Difference[] {
  const group = isolation.get(vpc);
  if (group === undefined) return [{ clause: `there is no isolation group in ${vpc}`, pending: true }];
  const pending = isNew(group) && interfaces.every(({ groups }) => !groups.includes(group.id));
  return openings(group).map((opening) => ({
    clause: `the isolation group ${group.id} lets traffic ${opening}`,
    pending,
  }));
}

function notDisengaged(before: Before, settings: Settings, present: Present): readonly Difference[] {
  return eachInterface(before, present, (was, now) => {
    const isolation = present.isolation.get(was.vpc);
    const closed = sameGroups(now.groups, was.groups)
      ? []
      : [
          {
            clause: hasGroups(now),
            pending: isolation !== undefined && sameGroups(now.groups, [isolation.id]),
          },
        ];
    const quick =
      shortens(settings) && !sameTracking(now.tracking, was.tracking)
        ? [{ clause: hasTimeouts(now), pending: sameTracking(now.tracking, shortest) }]
        : [];
    return [...closed, ...quick];
  });
}

function eachInterface(
  before: Before,
  present: Present,
  differences: (was: Interface, now: Interface) => readonly Difference[],
): readonly Difference[] {
  return before.interfaces.flatMap((was) => {
    const now = present.interfaces.find(({ id }) => id === was.id);
    if (now !== undefined) return differences(was, now);
    return was.detached === true
      ? []
      : [{ clause: `the network interface ${was.id} was deleted, or detached`, pending: false }];
  });
}

function hasGroups({ id, groups }: Interface): string {
  return `the network interface ${id} has the security groups ${groups.join(', ')}`;
}

function hasTimeouts({ id, tracking: { tcp, udpStream, udp } }: Interface): string {
  const seconds = [tcp, udpStream, udp].map((each) => each ?? 'the usual');
  return `the network interface ${id} has idle timeouts of ${seconds.join(', ')} seconds`;
}

function stillRegistered(_before: Before, { registrations }: Present): readonly Difference[] {
  return registrations.map((each) => ({ clause: `it is ${inTargetGroup(each)}`, pending: true }));
}

function notRegistered({ registrations }: Before, present: Present): readonly Difference[] {
  return registrations
    .filter((was) => !present.registrations.includes(was))
    .map((was) => ({ clause: `it is not ${inTargetGroup(was)}`, pending: true }));
}

function inTargetGroup({ targetGroup, target, port }: Registration): string {
  const as = port === null ? target : `${target}, port ${port},`;
  return `registered as ${as} in the target group ${targetGroupName(targetGroup)}`;
}

function stillMember({ autoScaling: was }: Before, { member: now }: Present): readonly Difference[] {
  const clause = `it is ${printable(describeMember(now))}`;
  if (was === null) return now === null ? [] : [{ clause, pending: false }];
  const inGroup = now?.group === was.group;
  if (was.step === 'detach') {
    const pending = inGroup && ['InService', 'Detaching'].includes(now.lifecycle);
    return now === null ? [] : [{ clause, pending }];
  }
  if (inGroup && now.lifecycle === 'Standby') return [];
  const pending = inGroup && ['InService', 'EnteringStandby'].includes(now.lifecycle);
  return [{ clause, pending: pending && was.step === 'standby' }];
}

function notMember({ autoScaling: was }: Before, { member: now }: Present): readonly Difference[] {
  if (was === null || was.step === 'none') return [];
  if (now?.group === was.group && now.lifecycle === was.lifecycle) return [];
  const pending = now === null ? was.step === 'detach' : now.group === was.group;
  return [{ clause: `it is ${printable(describeMember(now))}`, pending }];
}

function notStopped({ state: was }: Before, { state: now }: Present): readonly Difference[] {
  if (now === 'stopped') return [];
  return [{ clause: `it is ${now}`, pending: now === was || now === 'stopping' }];
}

function notStarted({ state: was }: Before, { state: now }: Present): readonly Difference[] {
  if (was !== 'running' || now === 'running') return [];
  return [{ clause: `it is ${now}`, pending: true }];
}
