/**
 * Remediation: takes a transition of a finding, evaluates its resource again, decides again, and acts as the policy asks.
 * Whatever it does may be done twice, and interrupted anywhere: the run history tells how far it came, and the same
 * message resumes it from there.
 */

import type { ActionId, AnyAction } from '../core/action.ts';
import type { Action } from '../core/control.ts';
import { gracePeriodOf, kindOf, type Plan, type PlannedAction, type SkippedAction } from '../policy/model.ts';
import type { ActionDecision, ActionRun } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import {
  blocked,
  definitionOf,
  merged,
  nothingDone,
  nothingRun,
  type Remediation,
  type RemediationDeps,
  remediationOf,
  type StepInput,
  type StepResult,
  stepInputOf,
} from './deps.ts';
import { type FailingResource, type FoundFinding, find, reEvaluate } from './evaluate.ts';
import { type ActionEvent, actionEventOf } from './events/action-event.ts';
import { eventOfUndo, revertedEvent } from './events/action-results.ts';
import { openingOfGrace } from './grace-period-record.ts';
import { resumeInterrupted, unpublishedEvents } from './interrupted.ts';
import type { RemediationRequest } from './message.ts';
import { type PlannedFor, planFor } from './plan.ts';
import { consequenceOf, recordReversal, type Standing, type Standings, standingsOf } from './reversals.ts';
import {
  eventContextOf,
  eventTargets,
  foreseeAction,
  interruptionIn,
  openingOf,
  runAction,
  runOptionsOf,
} from './run-action.ts';

/** Skipped actions that people are notified of; the others are as the policy means them. */
const notified: ReadonlySet<SkippedAction['because']> = new Set([
  'guardrail',
  'suppressed',
  'suppression-unknown',
  'own-resource',
  'kill-switch',
  'breaker-open',
]);

/**
 * Does what the policy asks for about a finding, as the finding and its resource are now.
 * @returns what was done. Rejects when something that has to be known could not be read: then nothing was begun that the
 *   run history does not tell, and the same may be asked again.
 */
export async function remediate(deps: RemediationDeps, request: RemediationRequest): Promise<Remediation> {
  const input = stepInputOf(deps);
  const found = await find(deps, request.finding);
  if (found.kind === 'blocked') return remediationOf(nothingDone(found));
  const asked = await remediateFound(input, request, found);
  const resumed = await resumeInterrupted(input, found, asked.ran);
  const done = merged(
    [asked, request.reminder ? { ...resumed, events: resumed.events.filter(isDoneEvent) } : resumed],
    asked.because,
  );
  const unpublished = await unpublishedEvents(deps, found, done.events);
  return remediationOf({
    ...done,
    events: [...done.events, ...unpublished],
    // What could not be read stops everything, and is answered in a while.
    again: done.again || (done.unanswered && (!request.reminder || request.call !== undefined)),
  });
}

async function remediateFound(
  input: StepInput,
  request: RemediationRequest,
  found: FoundFinding,
): Promise<StepResult> {
  const { deps } = input;
  const { finding } = found;
  if (finding.status !== 'OPEN') return await removeTags(deps, found);
  if (finding.verdict !== 'FAIL') {
    return nothingDone(blocked('The verdict is UNKNOWN, and nothing is done while it is.'));
  }
  if (finding.openedAt !== request.openedAt) {
    return nothingDone(
      blocked('The finding was closed and opened again meanwhile: another message is about that.'),
    );
  }
  const standings = await standingsOf(deps, finding);
  if (request.reminder && isInPlace(deps, found, standings)) {
    const because =
      standings.byAction.size === 0
        ? 'There is nothing to be done, and nothing was.'
        : 'Everything was done already, and AWS still has it so.';
    return nothingDone(blocked(because));
  }
  const failing = await reEvaluate(deps, found);
  return failing.kind === 'blocked' ? nothingDone(failing) : await act(input, request, failing, standings);
}

/**
 * Whether all that the policy asks for was done since the finding was opened, and all that was done is in place: then a
 * reminder needs no evaluation. A fix after which the resource was seen to fail did not suffice.
 */
function isInPlace(
  { policy }: RemediationDeps,
  { entry, control }: FoundFinding,
  { byAction }: Standings,
): boolean {
  const asked = policy.controls.get(control.id)?.actions ?? [];
  const evaluatedAt = entry.observations.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  const isDone = (action: Action): boolean => {
    if (action === 'notify') return true;
    const standing = byAction.get(action);
    if (standing?.kind !== 'in-place') return false;
    return kindOf(action) !== 'fix' || evaluatedAt <= Date.parse(standing.actionRun.doneAt ?? '');
  };
  return asked.every(isDone) && [...byAction.values()].every(({ kind }) => kind === 'in-place');
}

async function act(
  input: StepInput,
  request: RemediationRequest,
  failing: FailingResource,
  standings: Standings,
): Promise<StepResult> {
  const { deps } = input;
  const planned = await planFor(input, deps.policy, failing);
  const { plan, unanswered } = planned;
  const plannedAt = deps.actionDeps.now();
  const steps: Omit<StepResult, 'because'>[] = [
    {
      ...nothing,
      events: isReported(request) ? [] : skippedEvents(deps, plan, failing, plannedAt),
      unanswered,
    },
  ];
  const reasons: string[] = [];
  for (const standing of standings.byAction.values()) {
    if (standing.kind === 'in-place') continue;
    const { because, ...step } = await actOnStanding(deps, request, failing, standing, standings, planned);
    steps.push(step);
    if (because !== undefined) reasons.push(because);
  }
  for (const one of plan.actions) {
    const standing = one.action === 'notify' ? undefined : standings.byAction.get(one.action);
    if (standing?.kind === 'reverted' || standing?.kind === 'unreadable') continue;
    steps.push(await actOn(deps, request, failing, one, plannedAt));
  }
  const done = merged(steps, undefined);
  if (done.events.length > 0 || done.again) return { ...done, because: undefined };
  const because =
    reasons.length === 0
      ? `The policy asks for nothing to be done now (run ${deps.run}).`
      : reasons.join(' ');
  return { ...done, because };
}

/**
 * What follows where AWS does not have an action as it was done: a reversal is recorded once, and has the consequence that
 * the policy says. A repeat waits for no grace period: there was one, and the policy asks for a repeat in so many words.
 */
async function actOnStanding(
  deps: RemediationDeps,
  request: RemediationRequest,
  failing: FailingResource,
  standing: Exclude<Standing, { readonly kind: 'in-place' }>,
  { actionRuns }: Standings,
  { plan, isSilenced }: PlannedFor,
): Promise<StepResult> {
  const { finding, resource } = failing;
  if (isSilenced) return nothingDone(blocked('The finding is exempt, or suppressed in Security Hub.'));
  if (standing.kind === 'unreadable') return nothingDone(blocked(standing.because, true));
  const { actionRun, differences } = standing;
  const definition = definitionOf(deps, actionRun.action);
  if (definition === undefined) return nothingDone(blocked(''));
  const isPlanned = plan.actions.some(({ action }) => action === actionRun.action);
  const prevented = isPlanned ? undefined : whyNotPlanned(plan, actionRun);
  const consequence = consequenceOf(deps.policy, actionRun, actionRuns, finding, prevented);
  const isRecorded = actionRun.status === 'reverted';
  const recorded = isRecorded
    ? actionRun
    : await recordReversal(deps, actionRun, differences, request.call, consequence);
  // An undo, or another run, has written it meanwhile: it is compared again in a while.
  if (recorded === undefined) return { ...nothingDone(blocked('It was changed meanwhile.')), again: true };
  const event = isRecorded
    ? undefined
    : revertedEvent(recorded, eventContextOf(deps, finding, resource, definition));
  const noticed = { ...nothing, events: event === undefined ? [] : [event], ran: [definition.id] };
  const because = `${definition.id} was reverted by somebody else. ${consequence.reason}`;
  if (consequence.response !== 'repeat' || prevented !== undefined) return { ...noticed, because };
  const decision: ActionDecision = {
    actor: 'policy',
    name: deps.policy.file ?? 'the default policy',
    reason: `Somebody reverted ${definition.id}, and ${finding.control} fails still. ${consequence.reason}`,
  };
  const repeated = await runOrWait(deps, request, definition, failing, decision);
  // What stands in the way still was reported when the reversal was.
  const events = isRecorded && request.reminder ? repeated.events.filter(isDoneEvent) : repeated.events;
  return { ...merged([noticed, { ...repeated, events }], because) };
}

/** Why the plan does not have an action done that was done before, as a sentence. */
function whyNotPlanned({ skipped }: Plan, { action, decision }: ActionRun): string {
  const found = skipped.find((one) => one.action === action);
  if (found !== undefined && found.because !== 'not-in-policy') return found.reason;
  return decision.actor === 'operator'
    ? 'An operator requested it, and may request it again.'
    : 'The policy does not ask for it any more.';
}

function isDoneEvent({ outcome }: ActionEvent): boolean {
  return outcome === 'done';
}

const nothing: Omit<StepResult, 'because'> = {
  events: [],
  again: false,
  ...nothingRun,
};

function skippedEvents(
  { stage, policy }: RemediationDeps,
  { skipped }: Plan,
  { finding, resource }: FailingResource,
  at: Date,
): readonly ActionEvent[] {
  return skipped
    .filter(({ because }) => notified.has(because))
    .map(({ action, because, reason }) =>
      actionEventOf(finding, resource, action, {
        stage,
        targets: eventTargets(policy, finding),
        at,
        outcome: 'skipped',
        because: reason,
        skippedBecause: because,
        id: `${openingOf(finding)} skipped ${action}`,
      }),
    );
}

/** Whether people were notified of what stands in the way by an earlier message. */
function isReported({ reminder, waited }: RemediationRequest): boolean {
  return reminder || waited;
}

/** Carries out one action of the plan, or begins its grace period. */
async function actOn(
  deps: RemediationDeps,
  request: RemediationRequest,
  failing: FailingResource,
  { action, reason }: PlannedAction,
  plannedAt: Date,
): Promise<Omit<StepResult, 'because'>> {
  const { policy } = deps;
  const definition = definitionOf(deps, action);
  if (definition === undefined) return nothing;
  const decision: ActionDecision = {
    actor: 'policy',
    name: policy.file ?? 'the default policy',
    reason,
  };
  const due = await graceEndOf(deps, failing, definition.id);
  if (due === 'not-begun' || due > deps.actionDeps.now().getTime()) {
    // What would not be done then is not announced now.
    const foreseen = await foreseeAction(deps, definition, failing, decision);
    if (foreseen !== undefined) {
      const isNews = foreseen.event !== undefined && !isReported(request);
      return { ...nothing, events: isNews ? [foreseen.event] : [] };
    }
    const end = new Date(due === 'not-begun' ? await beginGracePeriod(deps, failing, definition.id) : due);
    const scheduled = await deps.scheduleGracePeriodEnd(request, definition.id, end);
    if (scheduled !== 'scheduled' && deps.redelivered !== true) return nothing;
    const { finding, resource } = failing;
    const pending = actionEventOf(finding, resource, action, {
      stage: deps.stage,
      targets: eventTargets(policy, finding),
      at: plannedAt,
      outcome: 'pending',
      because: reason,
      due: end,
      id: `${openingOf(finding)} pending ${action}`,
      definition,
    });
    return { ...nothing, events: [pending] };
  }
  const done = await runOrWait(deps, request, definition, failing, decision);
  if (!request.reminder) return done;
  // What still stands in the way, or is partially completed, was reported before; the next scheduled scan reminds again.
  return {
    ...done,
    events: done.events.filter(isDoneEvent),
    again: request.call !== undefined && done.again,
  };
}

/**
 * When the grace period of an action ends, by the state table; 0 for an action that has none.
 * @returns epoch milliseconds.
 */
async function graceEndOf(
  { policy, gracePeriods }: RemediationDeps,
  { entry, finding }: FailingResource,
  action: ActionId,
): Promise<number | 'not-begun'> {
  if (gracePeriodOf(policy.guardrails, action) === 0) return 0;
  const begun = await gracePeriods.read(finding.id, action);
  return begun?.opening === openingOfGrace(entry) ? begun.due : 'not-begun';
}

/** Begins the grace period of an action. @returns its end, also where another run began it at the same time. */
async function beginGracePeriod(
  { policy, gracePeriods, actionDeps }: RemediationDeps,
  { entry, finding }: FailingResource,
  action: ActionId,
): Promise<number> {
  const begunAt = actionDeps.now().getTime();
  const due = begunAt + gracePeriodOf(policy.guardrails, action);
  return (await gracePeriods.begin(finding.id, action, { opening: openingOfGrace(entry), begunAt, due })).due;
}

/** Carries out an action that the policy decided on; where it has no budget, has the request come again when there is. */
async function runOrWait(
  deps: RemediationDeps,
  request: RemediationRequest,
  definition: AnyAction,
  failing: FailingResource,
  decision: ActionDecision,
): Promise<Omit<StepResult, 'because'>> {
  const { due, ...done } = await runAction(deps, definition, failing, decision, undefined);
  if (due !== undefined) {
    await deps.scheduleNextTry({ ...request, reminder: false, waited: true }, definition.id, due);
  }
  return request.waited
    ? { ...done, events: done.events.filter(({ outcome }) => outcome !== 'skipped') }
    : done;
}

/** Removes the tags of a failure from a resource that passes, or was deleted. */
async function removeTags(
  deps: RemediationDeps,
  { entry, finding, control }: FoundFinding,
): Promise<StepResult> {
  const definition = definitionOf(deps, 'tag');
  const actionRun = await deps.history.latest(finding.id, 'tag');
  if (
    definition === undefined ||
    actionRun === undefined ||
    !['begun', 'done', 'reverted', 'undoing'].includes(actionRun.status)
  ) {
    return nothingDone(blocked(`The finding is ${finding.status}.`));
  }
  const reason = `${control.id} does not fail any more, so that the tags of its failure are removed.`;
  const decision = { actor: 'policy', name: 'the closing of the finding', reason } as const;
  const result = await undo(definition, actionRun, runOptionsOf(deps, decision, finding));
  const event =
    result.kind === 'undone'
      ? eventOfUndo(result, actionRun, eventContextOf(deps, finding, entry.resource, definition))
      : undefined;
  return {
    events: event === undefined ? [] : [event],
    // No scheduled scan reminds of a finding that is closed.
    again: ['partially-completed', 'busy', 'under-way', 'skipped'].includes(result.kind),
    because: event === undefined ? `The tags: ${result.kind}.` : undefined,
    ...interruptionIn(result, finding),
    ran: ['tag'],
  };
}
