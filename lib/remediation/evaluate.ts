/** The first steps of remediation: finding what a message names in the state table, and evaluating it again. */

import { isDeleted, isUnanswered, wasNotAnswered } from '../core/absence.ts';
import type { Control, Resource } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import { findingId } from '../findings/id.ts';
import type { Recorded } from '../findings/state/table.ts';
import { type Evaluated, evaluateLive } from '../pipeline/evaluate.ts';
import { withTags } from '../pipeline/tags.ts';
import { type Blocked, blocked, type RemediationDeps } from './deps.ts';

/** A finding of this deployment. */
export interface FoundFinding {
  readonly kind: 'found';
  readonly entry: Recorded;
  readonly finding: Finding;
  readonly control: Control;
}

/** An open finding whose resource was evaluated again, and fails. */
export interface FailingResource {
  readonly kind: 'failing';
  readonly entry: Recorded;
  readonly finding: Finding;
  readonly control: Control;
  readonly resource: Resource;
  /** Why its tags are not known, as a clause, where the policy goes by them. */
  readonly tagsUnknown?: string | undefined;
}

/**
 * The finding in the state table. Rejects with a `StateTableError`.
 * @param id the finding's.
 */
export async function find(
  { stateTable, controls, accountRegion }: RemediationDeps,
  id: string,
): Promise<FoundFinding | Blocked> {
  const entry = (await stateTable.read([id])).get(id);
  const control = controls.find((each) => each.id === entry?.control);
  if (entry?.finding === undefined || control === undefined) {
    return blocked('There is no such finding here.');
  }
  const { type, account, region } = entry.resource;
  if (type !== control.resourceType) {
    return blocked(`The state table holds another type of resource than ${control.id} evaluates.`);
  }
  if (account !== accountRegion.account || region !== accountRegion.region) {
    return blocked('It is a finding of another account or Region.');
  }
  return { kind: 'found', entry, finding: entry.finding, control };
}

/** The evaluation of the resource as it is now; `undefined` where the control does not apply to it any more. */
export async function evaluateNow(
  { facts, policy }: RemediationDeps,
  { entry, finding, control }: FoundFinding,
): Promise<Evaluated | undefined> {
  const [evaluated = []] = await evaluateLive(
    [{ control, resource: entry.resource, mayBeDeleted: true }],
    facts,
    (name) => policy.controls.get(name)?.settings,
  );
  return evaluated.find(({ resource }) => findingId(control.id, resource) === finding.id);
}

/** Evaluates the resource again; blocked where it does not fail, or where that is unknown. */
export async function reEvaluate(
  deps: RemediationDeps,
  found: FoundFinding,
): Promise<FailingResource | Blocked> {
  const { entry, finding, control } = found;
  const evaluated = await evaluateNow(deps, found);
  if (evaluated === undefined || isDeleted(evaluated.facts) !== undefined) {
    return blocked('The resource was deleted.');
  }
  const { verdict, evidence } = evaluated.evaluation;
  if (verdict === 'UNKNOWN') {
    return blocked(
      `The verdict is UNKNOWN now, and nothing is done while it is: ${evidence.summary}`,
      wasNotAnswered(evaluated.facts) !== undefined,
    );
  }
  if (verdict !== 'FAIL') return blocked(`It does not fail any more: ${evidence.summary}`);
  const [[withItsTags = evaluated] = []] = await withTags([[evaluated]], deps.policy, deps.tagsOf);
  const { resource, tagsUnknown } = withItsTags;
  if (tagsUnknown !== undefined && isUnanswered(tagsUnknown)) {
    // By its tags it may be exempted, which is known in a while.
    return blocked(`The policy goes by its tags, and they are not known: ${tagsUnknown.detail}.`, true);
  }
  return { kind: 'failing', entry, finding, control, resource, tagsUnknown: tagsUnknown?.detail };
}
