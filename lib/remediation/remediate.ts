/**
 * Remediation: takes a transition of a finding, evaluates its resource again, decides again, and acts as the policy asks.
 * Whatever it does may be done twice, and interrupted anywhere: the run history tells how far it came, and the same
 * message resumes it from there.
 */

import type { Finding } from '../findings/finding.ts';
import { gracePeriodOf, kindOf, type Plan, type PlannedAction, type SkippedAction } from '../policy/model.ts';
import type { ActionDecision, ActionRun } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import {
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
import { type FailingResource, type FoundFinding, find, reEvaluate } from './evaluate.ts';
import { type ActionEvent, actionEventOf } from './events/action-event.ts';
import { eventOfUndo } from './events/action-results.ts';
import { resumeInterrupted, unpublishedEvents } from './interrupted.ts';
import type { RemediationRequest } from './message.ts';
import { planFor } from './plan.ts';
import {
  eventContextOf,
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
  const done = merged([asked, request.reminder ? { ...resumed, events: [] } : resumed], asked.because);
  const unpublished = await unpublishedEvents(deps, found, done.events);
  return remediationOf({
    ...done,
    events: [...done.events, ...unpublished],
    // What could not be read stops everything, and is answered in a while.
    again: done.again || (done.unanswered && !request.reminder),
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
  if (request.reminder && (await isDone(deps, found))) {
    return nothingDone(blocked('Everything was done already.'));
  }
  const failing = await reEvaluate(deps, found);
  return failing.kind === 'blocked' ? nothingDone(failing) : await act(input, request, failing);
}

/**
 * Whether the policy asks for nothing that has not been done since the finding was opened: a cheap check for reminders.
 * A fix after which the resource was seen to fail is not done: somebody has changed it again, and it was not seen to pass
 * in between.
 */
async function isDone(
  { policy, history }: RemediationDeps,
  { entry, finding, control }: FoundFinding,
): Promise<boolean> {
  const asked = policy.controls.get(control.id)?.actions ?? [];
  const actionRuns = await history.of(finding.id);
  const evaluatedAt = entry.observations.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  return asked.every((action) => {
    const kind = kindOf(action);
    if (kind === undefined) return true;
    const last = actionRuns.findLast((actionRun) => actionRun.action === action);
    if (last?.status !== 'done' || !isSinceOpened(last, finding)) return false;
    return kind !== 'fix' || evaluatedAt <= Date.parse(last.doneAt ?? '');
  });
}

function isSinceOpened({ begunAt }: ActionRun, { openedAt }: Finding): boolean {
  return openedAt === null || Date.parse(begunAt) >= Date.parse(openedAt);
}

async function act(
  input: StepInput,
  request: RemediationRequest,
  failing: FailingResource,
): Promise<StepResult> {
  const { deps } = input;
  const { plan, unanswered } = await planFor(input, deps.policy, failing);
  const plannedAt = deps.actionDeps.now();
  const steps: Omit<StepResult, 'because'>[] = [
    { ...nothing, events: request.reminder ? [] : skippedEvents(deps, plan, failing, plannedAt), unanswered },
  ];
  for (const planned of plan.actions) {
    steps.push(await actOn(deps, request, failing, planned, plannedAt));
  }
  const done = merged(steps, undefined);
  const because =
    done.events.length === 0 && !done.again
      ? `The policy asks for nothing to be done now (run ${deps.run}).`
      : undefined;
  return { ...done, because };
}

const nothing: Omit<StepResult, 'because'> = {
  events: [],
  again: false,
  breakersOpened: 0,
  unanswered: false,
  ran: [],
};

function skippedEvents(
  { stage }: RemediationDeps,
  { skipped }: Plan,
  { finding, resource }: FailingResource,
  at: Date,
): readonly ActionEvent[] {
  return skipped
    .filter(({ because }) => notified.has(because))
    .map(({ action, because, reason }) =>
      actionEventOf(finding, resource, action, {
        stage,
        at,
        outcome: 'skipped',
        because: reason,
        skippedBecause: because,
        id: `${openingOf(finding)} skipped ${action}`,
      }),
    );
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
  const due = new Date(request.since + gracePeriodOf(policy.guardrails, action));
  if (due.getTime() > deps.actionDeps.now().getTime()) {
    // What would not be done then is not announced now.
    const foreseen = await foreseeAction(deps, definition, failing, decision);
    if (foreseen !== undefined) {
      const isReported = foreseen.event !== undefined && !request.reminder;
      return { ...nothing, events: isReported ? [foreseen.event] : [] };
    }
    const scheduled = await deps.scheduleGracePeriodEnd(request, definition.id, due);
    if (scheduled !== 'scheduled' && deps.redelivered !== true) return nothing;
    const { finding, resource } = failing;
    const pending = actionEventOf(finding, resource, action, {
      stage: deps.stage,
      at: plannedAt,
      outcome: 'pending',
      because: reason,
      due,
      id: `${openingOf(finding)} pending ${action}`,
      definition,
    });
    return { ...nothing, events: [pending] };
  }
  const done = await runAction(deps, definition, failing, decision, undefined);
  if (!request.reminder) return done;
  // What still stands in the way, or is partially completed, was reported before; the next scheduled scan reminds again.
  return { ...done, events: done.events.filter(({ outcome }) => outcome === 'done'), again: false };
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
    !['begun', 'done', 'undoing'].includes(actionRun.status)
  ) {
    return nothingDone(blocked(`The finding is ${finding.status}.`));
  }
  const reason = `${control.id} does not fail any more, so that the tags of its failure are removed.`;
  const decision = { actor: 'policy', name: 'the closing of the finding', reason } as const;
  const result = await undo(definition, actionRun, runOptionsOf(deps, decision));
  const event =
    result.kind === 'undone'
      ? eventOfUndo(result, actionRun, eventContextOf(deps, finding, entry.resource, definition))
      : undefined;
  return {
    events: event === undefined ? [] : [event],
    // No scheduled scan reminds of a finding that is closed.
    again: ['partially-completed', 'busy', 'under-way', 'skipped'].includes(result.kind),
    because: event === undefined ? `The tags: ${result.kind}.` : undefined,
    ...interruptionIn(result),
    ran: ['tag'],
  };
}
