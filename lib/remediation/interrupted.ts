/** What earlier runs left, because they were broken off: begun and not ended, or done and not told. */

import { isGone } from '../core/absence.ts';
import type { AnyAction } from '../core/action.ts';
import { isOrderable } from '../policy/custom-actions.ts';
import { kindOf } from '../policy/guardrails.ts';
import type { Deed } from './actions/action-run.ts';
import { carryOut, type Outcome, verify } from './actions/carry-out.ts';
import type { ActionEvent } from './events/action-event.ts';
import { doneEvent, toldOfOutcome, toldOfUndo } from './events/publish-action.ts';
import type { Occasion } from './message.ts';
import { asOrdered } from './requested-action.ts';
import { longestDelay } from './retry-delay.ts';
import type { Course, Found, Remediation } from './run.ts';

/**
 * Takes up what an earlier run began and this one had no reason to: the resource passes by now, or something stands in
 * the way. A fix whose own first writes made it pass is gone on with; all else is looked at, so that the journal says how
 * far it came.
 */
export async function withBrokenOff(
  course: Course,
  done: Remediation,
  found: Found,
  occasion: Occasion | undefined,
): Promise<Remediation> {
  const deeds = (await course.options.journal.of(found.finding.id)).filter(
    (deed) => deed.status === 'begun' && !course.handled.has(deed.action) && !isGoneOnWith(deed, course),
  );
  const events: ActionEvent[] = [];
  let { again } = done;
  for (const deed of deeds) {
    const definition = course.definitionOf(deed.action);
    if (definition === undefined) continue;
    const { outcome, goesOn } = await takeUp(course, found, deed, definition);
    const told = course.told(found.finding, found.entry.resource, definition);
    const event = toldOfOutcome(outcome, told);
    if (event !== undefined && occasion?.reminder !== true) events.push(event);
    again ||= outcome.kind === 'busy';
    again ||= goesOn && (outcome.kind === 'under-way' || outcome.kind === 'half-done');
  }
  return { ...done, events: [...done.events, ...events], again };
}

/** Whether the message that it was begun for goes on with it: its last run gave it back, and the next is not overdue. */
function isGoneOnWith({ lease, notes }: Deed, { options }: Course): boolean {
  const last = Date.parse(notes.at(-1)?.at ?? '');
  return lease === null && options.means.now().getTime() - last < longestDelay * 1_000;
}

async function takeUp(
  course: Course,
  found: Found,
  deed: Deed,
  definition: AnyAction,
): Promise<{ readonly outcome: Outcome; readonly goesOn: boolean }> {
  const options = course.runOptions(deed.decision);
  const goesOn = await mayGoOn(course, found, deed);
  if (!goesOn) return { outcome: await verify(definition, deed, options), goesOn };
  // It is the newest of its action, and is gone on with as it was begun.
  const target = { resource: deed.resource, finding: found.finding, settings: deed.settings };
  return { outcome: await carryOut(definition, target, options), goesOn };
}

/** Whether it is a fix of what passes now, and would be done if that failed still. */
async function mayGoOn(course: Course, found: Found, { action, decision }: Deed): Promise<boolean> {
  const { finding, control } = found;
  const { policy } = course.options;
  if (kindOf(action) !== 'fix') return false;
  const judged = await course.judge(found);
  if (judged === undefined || isGone(judged.facts) !== undefined) return false;
  if (judged.judgement.verdict !== 'PASS') return false;
  const subject = { finding, control, resource: judged.resource };
  const { actions } =
    decision.by === 'operator' && isOrderable(action)
      ? await course.plan(asOrdered(policy, control.id, [action]), subject, [action])
      : await course.plan(policy, subject);
  return actions.some((planned) => planned.action === action);
}

/** Tells once more what was done since the finding was opened: the run that did it may have ended before it was told. */
export async function withUntold(
  course: Course,
  done: Remediation,
  { finding, entry }: Found,
): Promise<Remediation> {
  if (course.options.redelivered !== true) return done;
  const opened = Date.parse(finding.openedAt ?? '');
  const deeds = await course.options.journal.of(finding.id);
  const events = deeds
    .filter(({ begunAt }) => !(Date.parse(begunAt) < opened))
    .flatMap((deed) => {
      const definition = course.definitionOf(deed.action);
      if (definition === undefined) return [];
      const told = course.told(finding, entry.resource, definition);
      if (deed.status === 'done') return [doneEvent(deed, told)];
      // What operators undo is answered to them.
      if (deed.status !== 'undone' || deed.undo?.by !== 'policy') return [];
      return toldOfUndo({ kind: 'undone', deed }, deed, told) ?? [];
    })
    .filter(({ id }) => !done.events.some((event) => event.id === id));
  return { ...done, events: [...done.events, ...events] };
}
