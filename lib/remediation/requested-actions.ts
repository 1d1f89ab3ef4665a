/**
 * Obeying operators: what the policy lets them order is done now, without a grace period, where nothing that would stop the
 * policy itself stops it. The same order once more does nothing new, and is answered likewise.
 */

import { isDenial, reasonOf } from '../aws/reason.ts';
import { about } from './about.ts';
import type { Deed } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import type { ActionEvent } from './events/action-event.ts';
import { doneEvent, toldOfUndo } from './events/publish-action.ts';
import { withBrokenOff } from './interrupted.ts';
import { asOrdered, type OperatorOrder, orderedActions, orderHolds } from './requested-action.ts';
import type { Course, Found, Remediation } from './run.ts';

/** @returns what came of it, told in any case. Rejects when something that has to be known could not be read. */
export async function obey(course: Course, order: OperatorOrder): Promise<Remediation> {
  const found = await course.find(order.finding);
  if (typeof found === 'string') return course.nothing(found);
  if (course.options.means.now().getTime() - Date.parse(order.at) > orderHolds) {
    return answer(course, order, found, 'It was ordered more than a day ago: order it again.');
  }
  const done =
    order.what === 'undo'
      ? await takeBack(course, order, found)
      : await obeyAction(course, order, order.what, found);
  const isRefused = done.events.every(({ outcome }) => outcome === 'withheld');
  // What could not be read is over in a while, and no answer yet.
  return course.unanswered && isRefused ? { ...done, events: [], again: true } : done;
}

/** The answer to an order that came to no end: nobody tries it any more. */
export async function giveUp(course: Course, order: OperatorOrder, because: string): Promise<Remediation> {
  const found = await course.find(order.finding);
  return typeof found === 'string' ? course.nothing(found) : answer(course, order, found, because);
}

async function obeyAction(
  course: Course,
  order: OperatorOrder,
  what: 'quarantine' | 'fix',
  found: Found,
): Promise<Remediation> {
  const { policy, journal } = course.options;
  const { finding, control, entry } = found;
  const actions = orderedActions(what, control, policy);
  if (actions.length === 0) {
    return answer(
      course,
      order,
      found,
      `The policy lets nobody order a ${what} of what ${control.id} finds: see operators.orders in the policy.`,
    );
  }
  if (await isReleased(course, order)) {
    return answer(course, order, found, 'Somebody pressed "Release and undo" after it was ordered.');
  }
  const decision = { by: 'operator', name: order.by, why: order.why } as const;
  const events: ActionEvent[] = [];
  let again = false;
  const open: (typeof actions)[number][] = [];
  for (const action of actions) {
    const last = await journal.latest(finding.id, action);
    // What was begun after the order was given was begun for it, or for a later one.
    const obeyed = last !== undefined && Date.parse(last.begunAt) >= Date.parse(order.at);
    const definition = course.definitionOf(action);
    const isEnded = last?.status === 'done' || last?.status === 'undone';
    if (!obeyed || !isEnded || definition === undefined) open.push(action);
    else if (last.status === 'done') {
      const told = course.told(finding, entry.resource, definition);
      events.push(doneEvent(last, { ...told, decision }));
    }
  }
  if (open.length === 0) {
    return course.result({ events, again, nothing: 'The order was obeyed already.' });
  }
  if (finding.status !== 'OPEN') {
    return await answerWithBrokenOff(
      course,
      order,
      found,
      `The finding is ${finding.status}: there is nothing to be done.`,
    );
  }
  if (finding.verdict !== 'FAIL') {
    return answer(
      course,
      order,
      found,
      'Whether the resource fails is unknown, and what is unknown is never acted on.',
    );
  }
  const looked = await course.lookAgain(found);
  if (typeof looked === 'string') {
    return await answerWithBrokenOff(course, order, found, looked);
  }
  const plan = await course.plan(asOrdered(policy, control.id, open), looked, open);
  for (const { action, because, reason } of plan.withheld) {
    events.push({ ...answered(course, order, found, reason, action), withheldBecause: because });
  }
  for (const { action } of plan.actions) {
    const definition = course.definitionOf(action);
    if (definition === undefined) continue;
    const one = await course.carryOut(definition, looked, decision, order);
    if (one.event !== undefined) events.push(one.event);
    again ||= one.again;
  }
  return course.result({ events, again, nothing: undefined });
}

/** An order may have been kept from being obeyed until somebody released what it is about. */
async function isReleased(course: Course, { finding, at }: OperatorOrder): Promise<boolean> {
  const released = (await course.exempted()).get(finding)?.lifted ?? null;
  return released !== null && Date.parse(released.at) > Date.parse(at);
}

/** Takes back what was done about the finding until it was ordered, newest first. */
async function takeBack(course: Course, order: OperatorOrder, found: Found): Promise<Remediation> {
  const { policy, journal } = course.options;
  const { finding, entry } = found;
  if (!policy.orders.includes('undo')) {
    return answer(
      course,
      order,
      found,
      'The policy lets nobody order an undo: see operators.orders in the policy.',
    );
  }
  // Events tell the second of a press only: what was begun within it was there to be seen.
  const ordered = Date.parse(order.at) + 999;
  const isConcerned = ({ status, begunAt, undoneAt }: Deed): boolean =>
    Date.parse(begunAt) <= ordered &&
    (['begun', 'done', 'undoing'].includes(status) ||
      // The same order, once more.
      (status === 'undone' && Date.parse(undoneAt ?? '') >= Date.parse(order.at)));
  const deeds = (await journal.of(finding.id)).filter(isConcerned);
  if (deeds.length === 0) {
    return answer(
      course,
      order,
      found,
      'Trailseal has done nothing about this finding that is still in place.',
    );
  }
  const decision = { by: 'operator', name: order.by, why: order.why } as const;
  const events: ActionEvent[] = [];
  let again = false;
  for (const deed of deeds.toReversed()) {
    const definition = course.definitionOf(deed.action);
    if (definition === undefined) {
      const because = `This deployment has no ${deed.action}: undo it by the command.`;
      events.push(answered(course, order, found, because, deed.action));
      continue;
    }
    course.handled.add(deed.action);
    const outcome = await undo(definition, deed, course.runOptions(decision)).catch((error: unknown) => {
      if (!isDenial(error)) throw error;
      return `This deployment is not allowed to undo it: ${reasonOf(error)}. Undo it by the command.`;
    });
    if (typeof outcome === 'string') {
      events.push(answered(course, order, found, outcome, deed.action));
      continue;
    }
    const told = { ...course.told(finding, entry.resource, definition), decision, occasion: order.id };
    const event = toldOfUndo(outcome, deed, told);
    if (event !== undefined) events.push(event);
    again ||= outcome.kind === 'half-done' || outcome.kind === 'busy' || outcome.kind === 'under-way';
  }
  return course.result({ events, again, nothing: undefined });
}

/** What came of what an earlier delivery of the order began; where that was nothing, why it is not obeyed. */
async function answerWithBrokenOff(
  course: Course,
  order: OperatorOrder,
  found: Found,
  because: string,
): Promise<Remediation> {
  const done = await withBrokenOff(course, course.nothing(because), found, undefined);
  const isAnswered = done.events.some(({ decision }) => decision.by === 'operator');
  if (isAnswered || done.again) return done;
  const events = [...done.events, answered(course, order, found, because, order.what)];
  return course.result({ events, again: false, nothing: because });
}

/** That an order is not obeyed, and why. */
function answer(course: Course, order: OperatorOrder, found: Found, because: string): Remediation {
  const event = answered(course, order, found, because, order.what);
  return course.result({ events: [event], again: false, nothing: because });
}

function answered(
  course: Course,
  order: OperatorOrder,
  { finding, entry }: Found,
  because: string,
  action: Parameters<typeof about>[2],
): ActionEvent {
  const { stage, means } = course.options;
  return about(finding, entry.resource, action, {
    stage,
    outcome: 'withheld',
    because,
    at: means.now(),
    id: `${order.id} withheld ${action}`,
    decision: { by: 'operator', name: order.by, why: order.why },
  });
}
