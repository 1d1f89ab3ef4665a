/**
 * What a run is asked to evaluate, and what of it was not there. A run that evaluated nothing has proved nothing, and a
 * misspelled name must not make a gate in a pipeline pass.
 */
import type { Control } from '../../lib/core/control.ts';
import type { Replay, ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { isResourceType, resourceTypes } from '../../lib/services/catalogue.ts';
import { knownRegions } from '../aws/regions.ts';
import { didYouMean } from '../commands/options.ts';
import { printable } from '../output/printable.ts';

/** The controls that are evaluated, and what was asked for that does not exist, one sentence each. */
export interface ChosenControls {
  readonly chosen: readonly Control[];
  readonly errors: readonly string[];
}

/**
 * The controls that `--control` and `--type` name; all where they name none. What does not exist is left out, and said.
 * @example chooseControls({ control: ['kms-key-disabld'], type: [] }, controls).errors
 * // ['--control kms-key-disabld: there is no such control; did you mean kms-key-disabled?']
 */
export function chooseControls(
  { control: ids, type: types }: { readonly control: readonly string[]; readonly type: readonly string[] },
  controls: readonly Control[],
): ChosenControls {
  const known = controls.map(({ id }) => id);
  const chosen = controls.filter(
    ({ id, resourceType }) =>
      (ids.length === 0 || ids.includes(id)) && (types.length === 0 || types.includes(resourceType)),
  );
  const errors = [
    ...ids
      .filter((id) => !known.includes(id))
      .map((id) => `--control ${printable(id)}: there is no such control${didYouMean(id, known)}`),
    ...types
      .filter((type) => !isResourceType(type))
      .map(
        (type) =>
          `--type ${printable(type)}: there is no such type of resource${didYouMean(type, resourceTypes)}`,
      ),
  ];
  if (chosen.length === 0 && errors.length === 0) {
    errors.push('no control that --control names concerns a type that --type names');
  }
  return { chosen, errors };
}

/** What decides whether a run evaluated what it was asked to: its part of a replay, or of each replay of several. */
type Reached = Pick<Replay, 'matched' | 'seen' | 'files'>;

/**
 * The controls that are named and that none of the policies enables, one sentence each.
 * @example disabledErrors(['kms-key-disabled'], [policy]) // [] where the policy enables it
 */
export function disabledErrors(ids: readonly string[], policies: readonly Policy[]): readonly string[] {
  return ids
    .filter((id) => policies.every(({ controls }) => controls.get(id)?.enabled === false))
    .map((id) => `--control ${printable(id)}: the policy does not enable it`);
}

/**
 * What of the scope of a replay the input does not have, one sentence each; empty where all of it is there and something
 * was evaluated.
 * @param named what was named and does not exist: where there is such, it is the reason that nothing was evaluated.
 * @param replays the one replay, or those of the same input under several policies.
 */
export function scopeErrors(
  named: readonly string[],
  scope: ReplayScope,
  replays: readonly Reached[],
): readonly string[] {
  const accounts = union(replays.map(({ seen }) => seen.accounts));
  const regions = union(replays.map(({ seen }) => seen.regions));
  const missing = [
    ...named,
    ...absent('--account', scope.accounts, accounts, accounts),
    ...absent('--region', scope.regions, regions, [...regions, ...knownRegions]),
  ];
  if (missing.length > 0 || replays.some(({ matched }) => matched > 0)) return missing;
  return [nothing(scope, replays)];
}

function absent(
  option: string,
  asked: ReadonlySet<string> | undefined,
  there: readonly string[],
  candidates: readonly string[],
): readonly string[] {
  return [...(asked ?? [])]
    .filter((name) => !there.includes(name))
    .map((name) => {
      const meant = didYouMean(
        name,
        candidates.filter((one) => one !== name),
      );
      // A name that exists is misspelled only if the input has one like it.
      const hint = candidates.includes(name) ? didYouMean(name, there) : meant;
      return `${option} ${printable(name)}: no relevant record is of it${hint || only(there)}`;
    });
}

/** What there is instead, where it is little. */
function only(there: readonly string[]): string {
  return there.length === 0 || there.length > 5 ? '' : ` (but of ${there.map(printable).join(', ')})`;
}

function nothing(scope: ReplayScope, replays: readonly Reached[]): string {
  const [replay] = replays;
  if (replay === undefined || replay.files === 0) return 'nothing was evaluated: no file was read';
  const { from, to } = replay.seen;
  const { since, until } = scope;
  const outside =
    from !== null &&
    to !== null &&
    ((since !== undefined && Date.parse(to) < since) || (until !== undefined && Date.parse(from) >= until));
  if (outside) {
    return `nothing was evaluated: the relevant records are from ${from} to ${to}, none of them ${periodText(scope)}`;
  }
  if (since !== undefined || until !== undefined) {
    return `nothing was evaluated: no relevant record is ${periodText(scope)}`;
  }
  return 'nothing was evaluated: no event in this input and scope is relevant to a control';
}

function periodText({ since, until }: ReplayScope): string {
  const [from, to] = [since, until].map((time) =>
    time === undefined ? undefined : new Date(time).toISOString(),
  );
  if (from === undefined) return `before ${to}`;
  return to === undefined ? `from ${from} on` : `from ${from} to ${to}`;
}

function union(sets: readonly ReadonlySet<string>[]): readonly string[] {
  return [...new Set(sets.flatMap((set) => [...set]))].filter((name) => name !== 'unknown').sort();
}
