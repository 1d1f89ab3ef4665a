/** Which deeds of the journal an operator means. */

import type { Control } from '../../lib/core/control.ts';
import { kindOf } from '../../lib/policy/guardrails.ts';
import { type Deed, nameOfDeed } from '../../lib/remediation/actions/action-run.ts';
import type { Journal, Place } from '../../lib/remediation/actions/journal.ts';
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
  readonly deeds: readonly Deed[];
  /** The subjects of which there is none. */
  readonly missing: readonly Subject[];
}

/**
 * Reads the deeds. With a time, the list by time is read, which also finds what a resource's ARN does not tell: the
 * grants of a key, volumes that had no id yet. Rejects with a `LedgerError`.
 */
export async function chooseDeeds(
  journal: Pick<Journal, 'of' | 'since'>,
  { subjects, since, actions }: Choice,
  place: Place,
  controls: readonly Pick<Control, 'id' | 'resourceType'>[],
): Promise<Chosen> {
  const wanted = ({ action }: Deed) =>
    actions.length === 0 || actions.includes(action) || actions.includes(kindOf(action) ?? '');
  const recent = since === undefined ? [] : await journal.since(place, since);
  if (subjects.length === 0) return { deeds: inOrder(recent.filter(wanted)), missing: [] };
  const deeds: Deed[] = [];
  const missing: Subject[] = [];
  for (const subject of subjects) {
    const ids = findingIdsOf(subject, place, controls);
    const found =
      since === undefined
        ? (await Promise.all(ids.map((id) => journal.of(id)))).flat()
        : recent.filter(({ finding, resource }) => ids.includes(finding.id) || resource.arn === subject.name);
    const chosen = found.filter(wanted);
    deeds.push(...chosen);
    if (chosen.length === 0) missing.push(subject);
  }
  return { deeds: inOrder(deeds), missing };
}

function inOrder(deeds: readonly Deed[]): readonly Deed[] {
  const each = new Map(deeds.map((deed) => [nameOfDeed(deed), deed]));
  return [...each.values()].sort(
    (one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt) || one.sequence - other.sequence,
  );
}
