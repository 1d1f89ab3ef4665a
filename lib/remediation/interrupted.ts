/** What earlier runs left, because they were interrupted: action runs that were begun and not ended, or not published. */

import { reasonOf } from '../aws/reason.ts';
import { isDeleted } from '../core/absence.ts';
import type { ActionId, AnyAction } from '../core/action.ts';
import { isRequestable } from '../policy/custom-actions.ts';
import { kindOf } from '../policy/model.ts';
import { asRequested } from './action-request.ts';
import { type ActionRun, changed } from './actions/action-run.ts';
import { carryOut, verify } from './actions/carry-out.ts';
import { definitionOf, merged, type RemediationDeps, type StepInput, type StepResult } from './deps.ts';
import { evaluateNow, type FoundFinding } from './evaluate.ts';
import type { ActionEvent } from './events/action-event.ts';
import { doneEvent, eventOfResult, eventOfUndo, revertedEvent } from './events/action-results.ts';
import { longestRetryDelay } from './message.ts';
import { planFor } from './plan.ts';
import { eventContextOf, interruptionIn, runOptionsOf } from './run-action.ts';

/**
 * Continues with action runs that an earlier run began and this one had no reason to: the resource passes by now, or
 * something stands in the way. A fix whose own first writes made the resource pass is resumed; all else is checked, so
 * that the run history tells how far it came.
 * @param ran the actions that were run for this message already.
 * @returns what was done. Rejects as `carryOut` does.
 */
export async function resumeInterrupted(
  input: StepInput,
  found: FoundFinding,
  ran: readonly ActionId[],
): Promise<StepResult> {
  const { deps } = input;
  const interrupted = (await deps.history.of(found.finding.id)).filter(
    (actionRun) =>
      actionRun.status === 'begun' && !ran.includes(actionRun.action) && !willBeResumed(actionRun, deps),
  );
  const steps: Omit<StepResult, 'because'>[] = [];
  for (const actionRun of interrupted) {
    const definition = definitionOf(deps, actionRun.action);
    if (definition !== undefined) steps.push(await resumeOrVerify(input, found, actionRun, definition));
  }
  return merged(steps, undefined);
}

/**
 * Whether another message, for which it was begun, will resume it: its last run gave up the lease, and the next is not
 * overdue. A message that was handled before may be that one.
 */
function willBeResumed({ lease, notes }: ActionRun, { actionDeps, handledBefore }: RemediationDeps): boolean {
  if (handledBefore === true) return false;
  const last = Date.parse(notes.at(-1)?.at ?? '');
  return lease === null && actionDeps.now().getTime() - last < longestRetryDelay * 1_000;
}

async function resumeOrVerify(
  input: StepInput,
  found: FoundFinding,
  actionRun: ActionRun,
  definition: AnyAction,
): Promise<Omit<StepResult, 'because'>> {
  const { deps } = input;
  const options = runOptionsOf(deps, actionRun.decision, found.finding);
  const { resumes, unanswered } = await mayResume(input, found, actionRun);
  // It is the newest of its action, and is resumed as it was begun.
  const target = { resource: actionRun.resource, finding: found.finding, settings: actionRun.settings };
  const result = resumes
    ? await carryOut(definition, target, options)
    : await verify(definition, actionRun, options);
  const event = eventOfResult(result, eventContextOf(deps, found.finding, found.entry.resource, definition));
  const interruption = interruptionIn(result, found.finding);
  return {
    events: event === undefined ? [] : [event],
    again:
      result.kind === 'busy' ||
      (resumes && (result.kind === 'under-way' || result.kind === 'partially-completed')),
    ...interruption,
    unanswered: unanswered || interruption.unanswered,
    ran: [],
  };
}

/** Whether it is a fix of a resource that passes now, and would be done if that failed still. */
async function mayResume(
  input: StepInput,
  found: FoundFinding,
  { action, decision }: ActionRun,
): Promise<{ readonly resumes: boolean; readonly unanswered: boolean }> {
  const { deps } = input;
  const { finding, control } = found;
  const no = { resumes: false, unanswered: false };
  if (kindOf(action) !== 'fix') return no;
  const evaluated = await evaluateNow(deps, found);
  if (evaluated === undefined || isDeleted(evaluated.facts) !== undefined) return no;
  if (evaluated.evaluation.verdict !== 'PASS') return no;
  const subject = { finding, control, resource: evaluated.resource };
  const { plan, unanswered } =
    decision.actor === 'operator' && isRequestable(action)
      ? await planFor(input, asRequested(deps.policy, control.id, [action]), subject, [action])
      : await planFor(input, deps.policy, subject);
  return { resumes: plan.actions.some((planned) => planned.action === action), unanswered };
}

/**
 * The events about what was done since the finding was opened, where the message is delivered again: the run that did it
 * may have been interrupted before it published them.
 * @param published the events that this run publishes in any case.
 */
export async function unpublishedEvents(
  deps: RemediationDeps,
  { finding, entry }: FoundFinding,
  published: readonly ActionEvent[],
): Promise<readonly ActionEvent[]> {
  if (deps.redelivered !== true) return [];
  const opened = Date.parse(finding.openedAt ?? '');
  const actionRuns = await deps.history.of(finding.id);
  return actionRuns
    .filter(({ begunAt }) => !(Date.parse(begunAt) < opened))
    .flatMap((actionRun) => {
      const definition = definitionOf(deps, actionRun.action);
      if (definition === undefined) return [];
      const context = eventContextOf(deps, finding, entry.resource, definition);
      if (actionRun.status === 'done') return [doneEvent(actionRun, context)];
      if (actionRun.status === 'reverted') return revertedEvent(actionRun, context) ?? [];
      // Operators get an answer to what they undo.
      if (actionRun.status !== 'undone' || actionRun.undo?.actor !== 'policy') return [];
      return eventOfUndo({ kind: 'undone', actionRun }, actionRun, context) ?? [];
    })
    .filter(({ id }) => !published.some((event) => event.id === id));
}

/**
 * Has the leases given up that a run still has when an error ends it: its message comes again after seconds, and the next run
 * need not wait until they expire.
 * @param finding the finding's id.
 * @returns what `work` does. Rejects with what it throws; an `AggregateError`, whose cause that is, where the leases could
 *   not be given up.
 */
export async function givingUpLeases<T>(
  deps: Pick<RemediationDeps, 'history' | 'actionDeps' | 'run'>,
  finding: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    try {
      await giveUpLeases(deps, finding);
    } catch (second) {
      const message = `${reasonOf(error)}; and the leases of the run could not be given up: ${reasonOf(second)}`;
      throw new AggregateError([error, second], message, { cause: error });
    }
    throw error;
  }
}

/**
 * Gives up the leases that a run still has.
 * @param finding the finding's id.
 * @returns when they are given up. Rejects with a `StateTableError` where the run history can't be read or written.
 */
export async function giveUpLeases(
  { history, actionDeps, run }: Pick<RemediationDeps, 'history' | 'actionDeps' | 'run'>,
  finding: string,
): Promise<void> {
  for (const actionRun of await history.of(finding)) {
    if (actionRun.lease?.owner !== run) continue;
    const note = { at: actionDeps.now().toISOString(), actor: run, text: 'Interrupted by an error.' };
    // Where another write came first, the lease is no longer this run's.
    await history.save(changed(actionRun, { lease: null }, note));
  }
}
