/**
 * Requested actions: what the policy lets operators request is done now, without a grace period, where nothing stands in
 * the way that would stop the policy itself. The same request once more does nothing new, and gets the same answer.
 */

import { customActionLabels } from '../aws/names.ts';
import { isDenial, reasonOf } from '../aws/reason.ts';
import type { RequestedAction } from '../policy/custom-actions.ts';
import { type ActionRequest, asRequested, requestExpiry, requestedActions } from './action-request.ts';
import type { ActionDecision, ActionRun } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import {
  type Blocked,
  blocked,
  definitionOf,
  merged,
  nothingDone,
  type Remediation,
  type RemediationDeps,
  remediationOf,
  type StepInput,
  type StepResult,
  stepInputOf,
} from './deps.ts';
import { type FoundFinding, find, reEvaluate } from './evaluate.ts';
import { type ActionEvent, actionEventOf, undoCommand } from './events/action-event.ts';
import { doneEvent, eventOfUndo } from './events/action-results.ts';
import { resumeInterrupted } from './interrupted.ts';
import { planFor } from './plan.ts';
import { eventContextOf, eventTargets, interruptionIn, runAction, runOptionsOf } from './run-action.ts';

type Step = Omit<StepResult, 'because'>;

/**
 * Carries out what an operator requested.
 * @returns what came of it, with an event that answers the request in any case. Rejects when something that has to be
 *   known could not be read: the same may be asked again.
 */
export async function carryOutRequest(deps: RemediationDeps, request: ActionRequest): Promise<Remediation> {
  const input = stepInputOf(deps);
  const found = await find(deps, request.finding);
  if (found.kind === 'blocked') return remediationOf(nothingDone(found));
  if (deps.actionDeps.now().getTime() - Date.parse(request.at) > requestExpiry) {
    const because = 'It was requested more than a day ago: request it again.';
    return remediationOf(await refusalAfterInterrupted(input, request, found, blocked(because)));
  }
  const done =
    request.action === 'undo'
      ? await undoRequested(input, request, found)
      : await doRequested(input, request, request.action, found);
  const isRefused = done.events.every(({ outcome }) => outcome === 'skipped');
  // What could not be read is answered in a while, and no answer to the request yet.
  return remediationOf(done.unanswered && isRefused ? { ...done, events: [], again: true } : done);
}

/**
 * Answers a request that is not tried any more. Rejects with a `StateTableError`.
 * @param because a sentence.
 */
export async function abandonRequest(
  deps: RemediationDeps,
  request: ActionRequest,
  because: string,
): Promise<Remediation> {
  const found = await find(deps, request.finding);
  return remediationOf(
    found.kind === 'blocked' ? nothingDone(found) : refusal(deps, request, found, blocked(because)),
  );
}

async function doRequested(
  input: StepInput,
  request: ActionRequest,
  requested: 'quarantine' | 'fix',
  found: FoundFinding,
): Promise<StepResult> {
  const { deps } = input;
  const { policy } = deps;
  const { finding, control } = found;
  const actions = requestedActions(requested, control, policy);
  if (actions.length === 0) {
    const because = `The policy does not let operators request a ${requested} for ${control.id}: see operators.customActions in the policy.`;
    return refusal(deps, request, found, blocked(because));
  }
  if (await isUndoneSince(input, request)) {
    const because = `Somebody requested "${customActionLabels.undo}" after it.`;
    return refusal(deps, request, found, blocked(because));
  }
  const { open, events } = await earlierRuns(deps, request, found, actions);
  const answered: Step = { ...nothingDone(blocked('')), events };
  if (open.length === 0) return merged([answered], 'The request was carried out already.');
  if (finding.status !== 'OPEN') {
    const because = `The finding is ${finding.status}: there is nothing to be done.`;
    return await refusalAfterInterrupted(input, request, found, blocked(because));
  }
  if (finding.verdict !== 'FAIL') {
    const because = 'Whether the resource fails is unknown, and nothing is done while it is.';
    return refusal(deps, request, found, blocked(because));
  }
  const failing = await reEvaluate(deps, found);
  if (failing.kind === 'blocked') return await refusalAfterInterrupted(input, request, found, failing);
  const { plan, unanswered } = await planFor(input, asRequested(policy, control.id, open), failing, open);
  const skipped = plan.skipped.map(({ action, because, reason }) => ({
    ...skippedEvent(deps, request, found, reason, action),
    skippedBecause: because,
  }));
  const steps: Step[] = [answered, { ...nothingDone({ because: '', unanswered }), events: skipped }];
  for (const { action } of plan.actions) {
    const definition = definitionOf(deps, action);
    if (definition === undefined) continue;
    steps.push(await runAction(deps, definition, failing, decisionOf(request), request));
  }
  return merged(steps, undefined);
}

/** The requested actions that are not ended yet, and the events of those that are done. */
async function earlierRuns(
  deps: RemediationDeps,
  request: ActionRequest,
  { finding, entry }: FoundFinding,
  actions: readonly RequestedAction[],
): Promise<{ readonly open: readonly RequestedAction[]; readonly events: readonly ActionEvent[] }> {
  const open: RequestedAction[] = [];
  const events: ActionEvent[] = [];
  for (const action of actions) {
    const last = await deps.history.latest(finding.id, action);
    // What was begun after the request was made was begun for it, or for a later one.
    const isForRequest = last !== undefined && Date.parse(last.begunAt) >= Date.parse(request.at);
    const definition = definitionOf(deps, action);
    const isEnded = last?.status === 'done' || last?.status === 'undone';
    if (!isForRequest || !isEnded || definition === undefined) open.push(action);
    else if (last.status === 'done') {
      const context = eventContextOf(deps, finding, entry.resource, definition);
      events.push(doneEvent(last, { ...context, decision: decisionOf(request) }));
    }
  }
  return { open, events };
}

/** Whether an operator requested an undo, which ends exemptions as well, after this request was made. */
async function isUndoneSince({ exemptions }: StepInput, { finding, at }: ActionRequest): Promise<boolean> {
  const lifted = (await exemptions()).get(finding)?.lifted ?? null;
  return lifted !== null && Date.parse(lifted.at) > Date.parse(at);
}

/** Undoes what was done about the finding until the request was made, newest first. */
async function undoRequested(
  { deps }: StepInput,
  request: ActionRequest,
  found: FoundFinding,
): Promise<StepResult> {
  const { policy, history } = deps;
  if (!policy.customActions.includes('undo')) {
    const because =
      'The policy does not let operators request an undo: see operators.customActions in the policy.';
    return refusal(deps, request, found, blocked(because));
  }
  // Events tell the second of a request only: what was begun within it was there to be seen.
  const requestedAt = Date.parse(request.at) + 999;
  const isConcerned = ({ status, begunAt, undoneAt }: ActionRun): boolean =>
    Date.parse(begunAt) <= requestedAt &&
    (['begun', 'done', 'reverted', 'undoing'].includes(status) ||
      // The same request, once more.
      (status === 'undone' && Date.parse(undoneAt ?? '') >= Date.parse(request.at)));
  const actionRuns = (await history.of(found.finding.id)).filter(isConcerned);
  if (actionRuns.length === 0) {
    const because = 'Trailseal has done nothing about this finding that is still in place.';
    return refusal(deps, request, found, blocked(because));
  }
  const steps: Step[] = [];
  for (const actionRun of actionRuns.toReversed()) {
    steps.push(await undoOne(deps, request, found, actionRun));
  }
  return merged(steps, undefined);
}

async function undoOne(
  deps: RemediationDeps,
  request: ActionRequest,
  found: FoundFinding,
  actionRun: ActionRun,
): Promise<Step> {
  const { action } = actionRun;
  const skipped = (because: string): Step => ({
    ...nothingDone(blocked('')),
    events: [skippedEvent(deps, request, found, because, action)],
  });
  const definition = definitionOf(deps, action);
  if (definition === undefined) {
    return skipped(`This deployment does not have the action ${action}: undo it by the command.`);
  }
  const decision = decisionOf(request);
  const operatorCommand = ({ finding, action: name }: ActionRun) =>
    undoCommand(finding.id, { stage: deps.stage, region: deps.accountRegion.region, action: name });
  const options = { ...runOptionsOf(deps, decision, found.finding), operatorCommand };
  const result = await undo(definition, actionRun, options).catch((error: unknown) => {
    if (!isDenial(error)) throw error;
    return { kind: 'denied', because: reasonOf(error) } as const;
  });
  if (result.kind === 'denied') {
    const because = `This deployment is not allowed to undo it: ${result.because}. Undo it by the command.`;
    return { ...skipped(because), ran: [action] };
  }
  const context = {
    ...eventContextOf(deps, found.finding, found.entry.resource, definition),
    decision,
    request: request.id,
  };
  const event = eventOfUndo(result, actionRun, context);
  return {
    events: event === undefined ? [] : [event],
    again: result.kind === 'partially-completed' || result.kind === 'busy' || result.kind === 'under-way',
    ...interruptionIn(result, found.finding),
    ran: [action],
  };
}

/** What came of what an earlier delivery of the request began; where that was nothing, why it is not carried out. */
async function refusalAfterInterrupted(
  input: StepInput,
  request: ActionRequest,
  found: FoundFinding,
  reason: Blocked,
): Promise<StepResult> {
  const resumed = await resumeInterrupted(input, found, []);
  const done = merged([nothingDone(reason), resumed], reason.because);
  const isAnswered = done.events.some(({ decision }) => decision.actor === 'operator');
  if (isAnswered || done.again) return done;
  return merged([done, refusal(input.deps, request, found, reason)], reason.because);
}

/** That a request is not carried out, and why. */
function refusal(
  deps: RemediationDeps,
  request: ActionRequest,
  found: FoundFinding,
  reason: Blocked,
): StepResult {
  const event = skippedEvent(deps, request, found, reason.because, request.action);
  return { ...nothingDone(reason), events: [event] };
}

function skippedEvent(
  { stage, actionDeps, policy }: RemediationDeps,
  request: ActionRequest,
  { finding, entry }: FoundFinding,
  because: string,
  action: Parameters<typeof actionEventOf>[2],
): ActionEvent {
  return actionEventOf(finding, entry.resource, action, {
    stage,
    targets: eventTargets(policy, finding),
    outcome: 'skipped',
    because,
    at: actionDeps.now(),
    id: `${request.id} skipped ${action}`,
    decision: decisionOf(request),
  });
}

function decisionOf({ actor, reason }: ActionRequest): ActionDecision {
  return { actor: 'operator', name: actor, reason };
}
