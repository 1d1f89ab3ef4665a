/**
 * Calls by which somebody may have reverted an action, as EventBridge delivers them. Such a message is believed in nothing:
 * it says what to compare with AWS, and what follows depends on the state table, the run history and AWS's answers.
 */

import { accountRegionKey } from '../core/account-region.ts';
import type { AnyAction, RevertingCalls } from '../core/action.ts';
import type { Control, Resource, TrailEvent } from '../core/control.ts';
import { findingId } from '../findings/id.ts';
import { type EventPattern, patternOfCalls } from '../pipeline/evaluators.ts';
import { withModelName } from '../pipeline/match.ts';
import { kindOf, type Policy } from '../policy/model.ts';
import { services } from '../services/catalogue.ts';
import { type ActionRun, isSinceOpened } from './actions/action-run.ts';
import { actions as allActions } from './actions/index.ts';
import type { Handled, RemediationDeps } from './deps.ts';
import { actionsFor } from './eligibility.ts';
import { givingUpLeases } from './interrupted.ts';
import { remediate } from './remediate.ts';
import { hintedCall } from './reversals.ts';

/** Calls that may revert an action which was carried out for these controls. */
export interface CallsToFollow {
  readonly eventSource: string;
  readonly eventNames: readonly string[];
  readonly controls: readonly Control[];
  readonly resources: RevertingCalls['resources'];
}

/**
 * The calls after which an action is compared with AWS: those that it declares; those of a fix are the triggers of its
 * controls as well, since what makes a control fail again reverts its fix.
 * @param controls those that the action is carried out for.
 */
export function callsToFollow(
  { id, revertedBy = [] }: Pick<AnyAction, 'id' | 'revertedBy'>,
  controls: readonly Control[],
): readonly CallsToFollow[] {
  const declared = revertedBy.map((calls): CallsToFollow => ({ ...calls, controls }));
  if (kindOf(id) !== 'fix') return declared;
  const triggers = controls.flatMap((control) =>
    control.triggers.flatMap((trigger): readonly CallsToFollow[] => {
      if (trigger.kind !== 'api-call') return [];
      const { eventSource, eventNames, resources } = trigger;
      return [{ eventSource, eventNames, controls: [control], resources: async (event) => resources(event) }];
    }),
  );
  return [...declared, ...triggers];
}

/**
 * The pattern of all of these calls, as a deployment of this policy has it: of the actions that it asks for, or that operators may
 * request.
 * @param controls those that are evaluated.
 * @returns `undefined` where there are none.
 * @example revertingCallsPattern(policy, controls)?.detail['eventName'] // ['ModifyInstanceAttribute', …]
 */
export function revertingCallsPattern(
  policy: Pick<Policy, 'controls' | 'customActions'>,
  controls: readonly Control[],
): EventPattern | undefined {
  const calls = allActions.flatMap((action) => {
    const own = controls.filter((control) => actionsFor(policy, control).includes(action.id));
    return own.length === 0 ? [] : callsToFollow(action, own);
  });
  return patternOfCalls(calls, services);
}

/**
 * Compares with AWS what was done, before the call, to the resources that it concerns. Rejects as `remediate` does, and with
 * what the SDK throws where AWS does not tell which resources these are: the same may be asked again.
 * @returns one result for each open failure with such an action; none where there is none, as of almost all calls.
 */
export async function compareAfter(deps: RemediationDeps, event: TrailEvent): Promise<readonly Handled[]> {
  if (event.outcome.kind !== 'success') return [];
  const ids = await findingsConcernedBy(deps, withModelName(event));
  if (ids.length === 0) return [];
  const entries = await deps.stateTable.read(ids);
  const compared: Handled[] = [];
  for (const id of ids) {
    const finding = entries.get(id)?.finding;
    if (finding?.status !== 'OPEN' || finding.verdict !== 'FAIL') continue;
    const actionRuns = await deps.history.of(id);
    const isConcerned = (actionRun: ActionRun) =>
      isSinceOpened(actionRun, finding) && mayRevert(event, actionRun);
    if (!actionRuns.some(isConcerned)) continue;
    const request = {
      finding: id,
      openedAt: finding.openedAt,
      since: deps.actionDeps.now().getTime(),
      reminder: true,
      waited: false,
      call: hintedCall(event),
    };
    const remediation = await givingUpLeases(deps, id, () => remediate(deps, request));
    compared.push({ finding: id, remediation });
  }
  return compared;
}

/**
 * Whether a run was done before the call was made. CloudTrail tells the second; the writes of the run itself were made
 * before it was done. What was reverted is checked again: an earlier delivery may have begun to repeat it.
 */
function mayRevert({ time }: TrailEvent, { status, doneAt }: ActionRun): boolean {
  if (status === 'reverted') return true;
  if (status !== 'done') return false;
  return time === undefined || doneAt === null || time + 999 >= Date.parse(doneAt);
}

async function findingsConcernedBy(
  { actions, controls, policy, accountRegion, actionDeps }: RemediationDeps,
  event: TrailEvent,
): Promise<readonly string[]> {
  const here = accountRegionKey(accountRegion);
  const isHere = (resource: Resource) => accountRegionKey(resource) === here;
  const ids = new Set<string>();
  for (const action of actions) {
    const concerned = controls.filter((control) => actionsFor(policy, control).includes(action.id));
    const followed = callsToFollow(action, concerned).filter(
      ({ eventSource, eventNames }) =>
        eventSource === event.eventSource && eventNames.includes(event.eventName),
    );
    for (const calls of followed) {
      const resources = (await calls.resources(event, actionDeps)).filter(isHere);
      for (const control of calls.controls) {
        for (const resource of resources.filter(({ type }) => type === control.resourceType)) {
          ids.add(findingId(control.id, resource));
        }
      }
    }
  }
  return [...ids];
}
