/**
 * Obeying operators: what the policy lets them order is done now, without a grace period, where nothing that would stop the
 * policy itself stops it. The same order once more does nothing new, and is answered likewise.
 */

import { isDenial, reasonOf } from '../aws/reason.ts';
import { about } from './about.ts';
import type { ActionRun } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import type { ActionEvent } from './events/action-event.ts';
import { doneEvent, toldOfUndo } from './events/publish-action.ts';
import { withInterrupted } from './interrupted.ts';
import { type ActionRequest, asRequested, requestExpiry, requestedActions } from './requested-action.ts';
import type { Found, Remediation, RunState } from './run.ts';

/** @returns what came of it, told in any case. Rejects when something that has to be known could not be read. */
export async function carryOutRequest(state: RunState, order: ActionRequest): Promise<Remediation> {
  const found = await state.find(order.finding);
  if (typeof found === 'string') return state.nothing(found);
  if (state.options.deps.now().getTime() - Date.parse(order.at) > requestExpiry) {
    return answer(state, order, found, 'It was ordered more than a day ago: order it again.');
  }
  const done =
    order.what === 'undo'
      ? await takeBack(state, order, found)
      : await carryOutAction(state, order, order.what, found);
  const isRefused = done.events.every(({ outcome }) => outcome === 'skipped');
  // What could not be read is over in a while, and no answer yet.
  return state.unanswered && isRefused ? { ...done, events: [], again: true } : done;
}

/** The answer to an order that came to no end: nobody tries it any more. */
export async function giveUp(state: RunState, order: ActionRequest, because: string): Promise<Remediation> {
  const found = await state.find(order.finding);
  return typeof found === 'string' ? state.nothing(found) : answer(state, order, found, because);
}

async function carryOutAction(
  state: RunState,
  order: ActionRequest,
  what: 'quarantine' | 'fix',
  found: Found,
): Promise<Remediation> {
  const { policy, journal } = state.options;
  const { finding, control, entry } = found;
  const actions = requestedActions(what, control, policy);
  if (actions.length === 0) {
    return answer(
      state,
      order,
      found,
      `The policy lets nobody order a ${what} of what ${control.id} finds: see operators.customActions in the policy.`,
    );
  }
  if (await isDisengaged(state, order)) {
    return answer(state, order, found, 'Somebody pressed "Release and undo" after it was ordered.');
  }
  const decision = { by: 'operator', name: order.by, why: order.why } as const;
  const events: ActionEvent[] = [];
  let again = false;
  const open: (typeof actions)[number][] = [];
  for (const action of actions) {
    const last = await journal.latest(finding.id, action);
    // What was begun after the order was given was begun for it, or for a later one.
    const carriedOut = last !== undefined && Date.parse(last.begunAt) >= Date.parse(order.at);
    const definition = state.definitionOf(action);
    const isEnded = last?.status === 'done' || last?.status === 'undone';
    if (!carriedOut || !isEnded || definition === undefined) open.push(action);
    else if (last.status === 'done') {
      const told = state.told(finding, entry.resource, definition);
      events.push(doneEvent(last, { ...told, decision }));
    }
  }
  if (open.length === 0) {
    return state.result({ events, again, nothing: 'The order was obeyed already.' });
  }
  if (finding.status !== 'OPEN') {
    return await answerWithInterrupted(
      state,
      order,
      found,
      `The finding is ${finding.status}: there is nothing to be done.`,
    );
  }
  if (finding.verdict !== 'FAIL') {
    return answer(
      state,
      order,
      found,
      'Whether the resource fails is unknown, and what is unknown is never acted on.',
    );
  }
  const looked = await state.reEvaluate(found);
  if (typeof looked === 'string') {
    return await answerWithInterrupted(state, order, found, looked);
  }
  const plan = await state.plan(asRequested(policy, control.id, open), looked, open);
  for (const { action, because, reason } of plan.skipped) {
    events.push({ ...answered(state, order, found, reason, action), skippedBecause: because });
  }
  for (const { action } of plan.actions) {
    const definition = state.definitionOf(action);
    if (definition === undefined) continue;
    const one = await state.carryOut(definition, looked, decision, order);
    if (one.event !== undefined) events.push(one.event);
    again ||= one.again;
  }
  return state.result({ events, again, nothing: undefined });
}

/** An order may have been kept from being obeyed until somebody disengaged what it is about. */
async function isDisengaged(state: RunState, { finding, at }: ActionRequest): Promise<boolean> {
  const disengaged = (await state.exempted()).get(finding)?.lifted ?? null;
  return disengaged !== null && Date.parse(disengaged.at) > Date.parse(at);
}

/** Takes back what was done about the finding until it was ordered, newest first. */
async function takeBack(state: RunState, order: ActionRequest, found: Found): Promise<Remediation> {
  const { policy, journal } = state.options;
  const { finding, entry } = found;
  if (!policy.customActions.includes('undo')) {
    return answer(
      state,
      order,
      found,
      'The policy lets nobody order an undo: see operators.customActions in the policy.',
    );
  }
  // Events tell the second of a press only: what was begun within it was there to be seen.
  const requested = Date.parse(order.at) + 999;
  const isConcerned = ({ status, begunAt, undoneAt }: ActionRun): boolean =>
    Date.parse(begunAt) <= requested &&
    (['begun', 'done', 'undoing'].includes(status) ||
      // The same order, once more.
      (status === 'undone' && Date.parse(undoneAt ?? '') >= Date.parse(order.at)));
  const actionRuns = (await journal.of(finding.id)).filter(isConcerned);
  if (actionRuns.length === 0) {
    return answer(
      state,
      order,
      found,
      'Trailseal has done nothing about this finding that is still in place.',
    );
  }
  const decision = { by: 'operator', name: order.by, why: order.why } as const;
  const events: ActionEvent[] = [];
  let again = false;
  for (const actionRun of actionRuns.toReversed()) {
    const definition = state.definitionOf(actionRun.action);
    if (definition === undefined) {
      const because = `This deployment has no ${actionRun.action}: undo it by the command.`;
      events.push(answered(state, order, found, because, actionRun.action));
      continue;
    }
    state.handled.add(actionRun.action);
    const outcome = await undo(definition, actionRun, state.runOptions(decision)).catch((error: unknown) => {
      if (!isDenial(error)) throw error;
      return `This deployment is not allowed to undo it: ${reasonOf(error)}. Undo it by the command.`;
    });
    if (typeof outcome === 'string') {
      events.push(answered(state, order, found, outcome, actionRun.action));
      continue;
    }
    const told = { ...state.told(finding, entry.resource, definition), decision, occasion: order.id };
    const event = toldOfUndo(outcome, actionRun, told);
    if (event !== undefined) events.push(event);
    again ||=
      outcome.kind === 'partially-completed' || outcome.kind === 'busy' || outcome.kind === 'under-way';
  }
  return state.result({ events, again, nothing: undefined });
}

/** What came of what an earlier delivery of the order began; where that was nothing, why it is not obeyed. */
async function answerWithInterrupted(
  state: RunState,
  order: ActionRequest,
  found: Found,
  because: string,
): Promise<Remediation> {
  const done = await withInterrupted(state, state.nothing(because), found, undefined);
  const isAnswered = done.events.some(({ decision }) => decision.by === 'operator');
  if (isAnswered || done.again) return done;
  const events = [...done.events, answered(state, order, found, because, order.what)];
  return state.result({ events, again: false, nothing: because });
}

/** That an order is not obeyed, and why. */
function answer(state: RunState, order: ActionRequest, found: Found, because: string): Remediation {
  const event = answered(state, order, found, because, order.what);
  return state.result({ events: [event], again: false, nothing: because });
}

function answered(
  state: RunState,
  order: ActionRequest,
  { finding, entry }: Found,
  because: string,
  action: Parameters<typeof about>[2],
): ActionEvent {
  const { stage, deps } = state.options;
  return about(finding, entry.resource, action, {
    stage,
    outcome: 'skipped',
    because,
    at: deps.now(),
    id: `${order.id} skipped ${action}`,
    decision: { by: 'operator', name: order.by, why: order.why },
  });
}
