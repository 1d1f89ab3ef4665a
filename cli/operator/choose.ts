/** Which action runs of the history an operator means, by resource, action and time. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { Control } from '../../lib/core/control.ts';
import { resourceName } from '../../lib/core/resource-name.ts';
import { actionKinds, kindOf } from '../../lib/policy/model.ts';
import {
  type ActionRun,
  nameOfActionRun,
  type RunHistory,
} from '../../lib/remediation/actions/action-run.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import { oneOf } from '../commands/options.ts';
import { timeOf } from '../commands/time.ts';
import { UsageError } from '../exit.ts';
import { findingIdsOf, type Subject } from './subject.ts';

export interface ActionRunFilter {
  /** Empty for all findings and resources; then `since` is needed. */
  readonly subjects: readonly Subject[];
  readonly since: Date | undefined;
  /** Names of actions, or `fix` for every fix; empty for all. */
  readonly actions: readonly string[];
}

export interface ChosenActionRuns {
  /** Each once, in the order in which they were begun. */
  readonly actionRuns: readonly ActionRun[];
  /** The subjects without any action run. */
  readonly missing: readonly Subject[];
}

/** @throws UsageError for the name of no action that can be undone. */
export function actionsNamed(names: readonly string[]): readonly string[] {
  const known = [...actionKinds, ...actions.map(({ id }) => id).filter((id) => id.startsWith('fix:'))];
  return names.map((name) => oneOf(name, known, '--action'));
}

/** The history keeps completed action runs for 400 days; an earlier time would only read more empty days. */
const longest = 401 * 86_400_000;

/**
 * The value of `--since`.
 * @param written `2026-11-21`, `2026-11-21T10:00:00Z`, `2h`, `2 hours`.
 * @throws UsageError for anything else, and for a time in the future.
 */
export function sinceOf(written: string, now: Date): Date {
  const time = timeOf(written, now, '--since');
  if (time > now.getTime()) throw new UsageError('--since takes a time in the past');
  return new Date(Math.max(time, now.getTime() - longest));
}

/**
 * Reads the action runs. With a time, they are read by time, which also finds those whose resource does not follow from
 * the ARN of a subject: the grants of a key, volumes that had no id yet. Rejects with a `StateTableError`.
 */
export async function chooseActionRuns(
  history: Pick<RunHistory, 'of' | 'since'>,
  { subjects, since, actions: names }: ActionRunFilter,
  accountRegion: AccountRegion,
  controls: readonly Pick<Control, 'id' | 'resourceType'>[],
): Promise<ChosenActionRuns> {
  const isWanted = ({ action }: ActionRun) =>
    names.length === 0 || names.includes(action) || names.includes(kindOf(action) ?? '');
  const recent = since === undefined ? [] : await history.since(accountRegion, since);
  if (subjects.length === 0) return { actionRuns: inOrder(recent.filter(isWanted)), missing: [] };
  const actionRuns: ActionRun[] = [];
  const missing: Subject[] = [];
  for (const subject of subjects) {
    const ids = findingIdsOf(subject, accountRegion, controls);
    const found =
      since === undefined
        ? (await Promise.all(ids.map((id) => history.of(id)))).flat()
        : recent.filter(
            ({ finding, resource }) => ids.includes(finding.id) || resourceName(resource) === subject.name,
          );
    const chosen = found.filter(isWanted);
    actionRuns.push(...chosen);
    if (chosen.length === 0) missing.push(subject);
  }
  return { actionRuns: inOrder(actionRuns), missing };
}

function inOrder(actionRuns: readonly ActionRun[]): readonly ActionRun[] {
  const byName = new Map(actionRuns.map((actionRun) => [nameOfActionRun(actionRun), actionRun]));
  return [...byName.values()].sort(
    (one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt) || one.sequence - other.sequence,
  );
}
