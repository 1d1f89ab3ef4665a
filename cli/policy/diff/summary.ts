/** What a new policy changes, in one sentence. Pure. */
import type { Comparison } from './compare.ts';
import type { FindingDifference } from './schema.ts';

/** @param names the files of the two policies, not escaped here. */
export function summaryOf(
  { changes, same, controls, evaluated }: Comparison,
  names: { readonly old: string; readonly new: string },
): string {
  if (!evaluated) {
    return 'Nothing was evaluated under either policy: no event in this input and scope concerns a control that they enable.';
  }
  if (changes.length === 0) {
    return same === 0
      ? 'Nothing changes: there are no findings under either policy.'
      : `Nothing changes: under both policies there ${same === 1 ? 'is the same finding' : `are the same ${same} findings`}, with the same severities, exemptions and actions.`;
  }
  const count = (kind: FindingDifference['change']) => changes.filter(({ change }) => change === kind).length;
  const parts = [
    clause(count('appears'), 'appears', 'appear'),
    clause(count('disappears'), 'disappears', 'disappear'),
    clause(count('changes'), 'changes', 'change'),
    clause(same, 'stays as it is', 'stay as they are'),
  ].filter((part) => part !== undefined);
  const [first = '', ...others] = parts;
  const findings = [first.replace(/^\d+/, (n) => `${n} finding${n === '1' ? '' : 's'}`), ...others];
  const planned = (side: 'old' | 'new') => controls.reduce((sum, one) => sum + one[side].actions, 0);
  return `Under ${names.new} instead of ${names.old}, ${listed(findings)}; ${actionsText(planned('old'), planned('new'), changes)}.`;
}

/**
 * The actions that a new policy allows permissions which IAM can't narrow, and the old one did not, and the other way round.
 * @returns a sentence; `undefined` where both allow the same.
 */
export function broadPermissionsText(old: readonly string[], now: readonly string[]): string | undefined {
  const [more, fewer] = [now.filter((one) => !old.includes(one)), old.filter((one) => !now.includes(one))];
  const parts = [
    ...(more.length === 0 ? [] : [`newly allowed for ${listed(more)}`]),
    ...(fewer.length === 0 ? [] : [`no longer allowed for ${listed(fewer)}`]),
  ];
  return parts.length === 0 ? undefined : `Permissions that IAM cannot narrow are ${parts.join('; ')}.`;
}

function clause(count: number, one: string, many: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : many}`;
}

/** How many actions are planned, and which are added or dropped. */
function actionsText(old: number, now: number, changes: readonly FindingDifference[]): string {
  const tally = (side: 'old' | 'new', other: 'old' | 'new') => {
    const actions = changes.flatMap((change) =>
      change.actions
        .filter((one) => one[side].outcome === 'planned' && one[other].outcome !== 'planned')
        .map(({ action }) => action),
    );
    return [...Map.groupBy(actions, (action) => action)].map(
      ([action, { length }]) => `${action} ${length}×`,
    );
  };
  const [more, fewer] = [tally('new', 'old'), tally('old', 'new')];
  if (old === 0 && now === 0) return 'no action is planned under either';
  const details = [
    ...(more.length === 0 ? [] : [`newly ${more.join(', ')}`]),
    ...(fewer.length === 0 ? [] : [`no longer ${fewer.join(', ')}`]),
  ];
  const shown = details.length === 0 ? '' : ` (${details.join('; ')})`;
  return `${now} action${now === 1 ? ' is' : 's are'} planned where ${old} ${old === 1 ? 'was' : 'were'}${shown}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
