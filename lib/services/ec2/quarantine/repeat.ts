/** Repeating a quarantine that somebody reverted, so that its undo restores what was there before the first one. Pure. */
import type { Before, Interface, Registration } from './before.ts';
import { sameGroups, sameTracking, shortest } from './interfaces.ts';
import { isolates, type Settings, settings as schema, shortens } from './settings.ts';

/**
 * Why a quarantine can't be repeated under these settings: the undo, which goes by them, would leave something as the
 * earlier quarantine set it.
 * @param then the settings of the earlier quarantine.
 * @returns a sentence for people; `undefined` where it can be repeated.
 * @example whyNotUnder(settings, settings) // undefined
 */
export function whyNotUnder(settings: Settings, then: unknown): string | undefined {
  const earlier = schema.safeParse(then);
  const covers =
    earlier.success &&
    (isolates(settings) || !isolates(earlier.data)) &&
    (shortens(settings) || !shortens(earlier.data));
  return covers
    ? undefined
    : 'The policy has other settings of quarantine than when it was done (mode, trackedConnections), so that one undo ' +
        'could not restore all of it: undo it first, and it can be done under the new ones.';
}

/**
 * The state before a repeated quarantine: of all that the earlier one changed, what was there before that.
 * @param earlier the state before the earlier quarantine.
 * @param now the state as it is.
 * @param isolation the ids of the isolation groups, by VPC.
 * @param sameFailure whether the failure is the same. Where it is not, whoever changed the instance in between was free
 *   to, and what they set is what is restored; only what is still isolated is as the earlier quarantine left it.
 * @returns the state to restore; `found` tells where somebody had set other groups.
 * @example carriedOver(before, now, new Map([['vpc-1', 'sg-isolation']]), true).interfaces[0]?.groups // those before the first one
 */
export function carriedOver(
  earlier: Before,
  now: Before,
  isolation: ReadonlyMap<string, string>,
  sameFailure: boolean,
): Before {
  const isIsolated = ({ vpc, groups }: Interface): boolean => {
    const group = isolation.get(vpc);
    return group !== undefined && sameGroups(groups, [group]);
  };
  if (!sameFailure && !now.interfaces.some(isIsolated)) return now;
  const interfaces = now.interfaces.map((each): Interface => {
    const was = earlier.interfaces.find(({ id }) => id === each.id);
    if (was === undefined) return each;
    const isOurs = isIsolated(each);
    if (!isOurs && !sameFailure) return each;
    const tracking = sameFailure || sameTracking(each.tracking, shortest) ? was.tracking : each.tracking;
    const { id, vpc, groups } = was;
    const swapped = !isOurs && !sameGroups(each.groups, groups);
    return { id, vpc, groups, tracking, ...(swapped ? { found: each.groups } : {}) };
  });
  const detached = earlier.interfaces
    .filter(({ id }) => now.interfaces.every((each) => each.id !== id))
    .map((each): Interface => ({ ...each, detached: true }));
  return {
    ...now,
    state: earlier.state,
    terminationProtection: earlier.terminationProtection,
    interfaces: [...interfaces, ...detached],
    registrations: distinct([...earlier.registrations, ...now.registrations]),
    autoScaling: earlier.autoScaling ?? now.autoScaling,
  };
}

/** Each registration once, as it was first. */
function distinct(registrations: readonly Registration[]): Registration[] {
  const keyOf = ({ targetGroup, target, port }: Registration) => `${targetGroup} ${target} ${port}`;
  const byKey = new Map<string, Registration>();
  for (const each of registrations) if (!byKey.has(keyOf(each))) byKey.set(keyOf(each), each);
  return [...byKey.values()];
}
