/** Which action runs of the journal an operator means. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { Control } from '../../lib/core/control.ts';
import { kindOf } from '../../lib/policy/model.ts';
import type { RunHistory } from '../../lib/remediation/actions/action-run.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import { findingIdsOf, type Subject } from './subject.ts';

export interface Choice {
  /** All findings and resources where it is empty; then `since` is needed. */
  readonly subjects: readonly Subject[];
  readonly since: Date | undefined;
  /** Names of actions, or `fix` for every fix; all where it is empty. */
  readonly actions: readonly string[];
}

export interface Chosen {
  /** In the order in which they were begun, each once. */
  readonly actionRuns: readonly ActionRun[];
  /** The subjects of which there is none. */
  readonly missing: readonly Subject[];
}

/**
 * Reads the action runs. With a time, the list by time is read, which also finds what a resource's ARN does not tell: the
 * grants of a key, volumes that had no id yet. Rejects with a `StateTableError`.
 */
export async function chooseActionRuns(
  journal: Pick<RunHistory, 'of' | 'since'>,
  { subjects, since, actions }: Choice,
  accountRegion: AccountRegion,
  controls: readonly Pick<Control, 'id' | 'resourceType'>[],
): Promise<Chosen> {
  const wanted = ({ action }: ActionRun) =>
    actions.length === 0 || actions.includes(action) || actions.includes(kindOf(action) ?? '');
  const recent = since === undefined ? [] : await journal.since(accountRegion, since);
  if (subjects.length === 0) return { actionRuns: inOrder(recent.filter(wanted)), missing: [] };
  const actionRuns: ActionRun[] = [];
  const missing: Subject[] = [];
  for (const subject of subjects) {
    const ids = findingIdsOf(subject, accountRegion, controls);
    const found =
      since === undefined
        ? (await Promise.all(ids.map((id) => journal.of(id)))).flat()
        : recent.filter(({ finding, resource }) => ids.includes(finding.id) || resource.arn === subject.name);
    const chosen = found.filter(wanted);
    actionRuns.push(...chosen);
    if (chosen.length === 0) missing.push(subject);
  }
  return { actionRuns: inOrder(actionRuns), missing };
}

function inOrder(actionRuns: readonly ActionRun[]): readonly ActionRun[] {
  const each = new Map(actionRuns.map((actionRun) => [nameOfActionRun(actionRun), actionRun]));
  return [...each.values()].sort(
    (one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt) || one.sequence - other.sequence,
  );
}
