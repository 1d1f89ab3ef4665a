/** What earlier runs left, because they were interrupted: begun and not ended, or done and not told. */

import { isDeleted } from '../core/absence.ts';
import type { AnyAction } from '../core/action.ts';
import { isRequestable } from '../policy/custom-actions.ts';
import { kindOf } from '../policy/model.ts';
import type { ActionRun } from './actions/action-run.ts';
import { carryOut, type Outcome, verify } from './actions/carry-out.ts';
import type { ActionEvent } from './events/action-event.ts';
import { doneEvent, toldOfOutcome, toldOfUndo } from './events/publish-action.ts';
import type { Occasion } from './message.ts';
import { asRequested } from './requested-action.ts';
import { longestDelay } from './retry-delay.ts';
import type { Found, Remediation, RunState } from './run.ts';

/**
 * Takes up what an earlier run began and this one had no reason to: the resource passes by now, or something stands in
 * the way. A fix whose own first writes made it pass is resumed; all else is looked at, so that the journal says how
 * far it came.
 */
export async function withInterrupted(
  state: RunState,
  done: Remediation,
  found: Found,
  occasion: Occasion | undefined,
): Promise<Remediation> {
  const actionRuns = (await state.options.journal.of(found.finding.id)).filter(
    (actionRun) =>
      actionRun.status === 'begun' && !state.handled.has(actionRun.action) && !isResumed(actionRun, state),
  );
  const events: ActionEvent[] = [];
  let { again } = done;
  for (const actionRun of actionRuns) {
    const definition = state.definitionOf(actionRun.action);
    if (definition === undefined) continue;
    const { outcome, goesOn } = await takeUp(state, found, actionRun, definition);
    const told = state.told(found.finding, found.entry.resource, definition);
    const event = toldOfOutcome(outcome, told);
    if (event !== undefined && occasion?.reminder !== true) events.push(event);
    again ||= outcome.kind === 'busy';
    again ||= goesOn && (outcome.kind === 'under-way' || outcome.kind === 'partially-completed');
  }
  return { ...done, events: [...done.events, ...events], again };
}

/** Whether the message that it was begun for goes on with it: its last run gave it back, and the next is not overdue. */
function isResumed({ lease, notes }: ActionRun, { options }: RunState): boolean {
  const last = Date.parse(notes.at(-1)?.at ?? '');
  return lease === null && options.deps.now().getTime() - last < longestDelay * 1_000;
}

async function takeUp(
  state: RunState,
  found: Found,
  actionRun: ActionRun,
  definition: AnyAction,
): Promise<{ readonly outcome: Outcome; readonly goesOn: boolean }> {
  const options = state.runOptions(actionRun.decision);
  const goesOn = await mayGoOn(state, found, actionRun);
  if (!goesOn) return { outcome: await verify(definition, actionRun, options), goesOn };
  // It is the newest of its action, and is resumed as it was begun.
  const target = { resource: actionRun.resource, finding: found.finding, settings: actionRun.settings };
  return { outcome: await carryOut(definition, target, options), goesOn };
}

/** Whether it is a fix of what passes now, and would be done if that failed still. */
async function mayGoOn(state: RunState, found: Found, { action, decision }: ActionRun): Promise<boolean> {
  const { finding, control } = found;
  const { policy } = state.options;
  if (kindOf(action) !== 'fix') return false;
  const evaluated = await state.evaluate(found);
  if (evaluated === undefined || isDeleted(evaluated.facts) !== undefined) return false;
  if (evaluated.evaluation.verdict !== 'PASS') return false;
  const subject = { finding, control, resource: evaluated.resource };
  const { actions } =
    decision.by === 'operator' && isRequestable(action)
      ? await state.plan(asRequested(policy, control.id, [action]), subject, [action])
      : await state.plan(policy, subject);
  return actions.some((planned) => planned.action === action);
}

/** Tells once more what was done since the finding was opened: the run that did it may have ended before it was told. */
export async function withUntold(
  state: RunState,
  done: Remediation,
  { finding, entry }: Found,
): Promise<Remediation> {
  if (state.options.redelivered !== true) return done;
  const opened = Date.parse(finding.openedAt ?? '');
  const actionRuns = await state.options.journal.of(finding.id);
  const events = actionRuns
    .filter(({ begunAt }) => !(Date.parse(begunAt) < opened))
    .flatMap((actionRun) => {
      const definition = state.definitionOf(actionRun.action);
      if (definition === undefined) return [];
      const told = state.told(finding, entry.resource, definition);
      if (actionRun.status === 'done') return [doneEvent(actionRun, told)];
      // What operators undo is answered to them.
      if (actionRun.status !== 'undone' || actionRun.undo?.by !== 'policy') return [];
      return toldOfUndo({ kind: 'undone', actionRun }, actionRun, told) ?? [];
    })
    .filter(({ id }) => !done.events.some((event) => event.id === id));
  return { ...done, events: [...done.events, ...events] };
}
