/** Bringing about what the policy asks for a finding, as the finding and its resource are now. */

import type { Finding } from '../findings/finding.ts';
import type { SkippedAction } from '../policy/model.ts';
import { gracePeriodOf, kindOf } from '../policy/model.ts';
import { about } from './about.ts';
import type { ActionRun } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import type { ActionEvent } from './events/action-event.ts';
import { toldOfUndo } from './events/publish-action.ts';
import { withInterrupted, withUntold } from './interrupted.ts';
import type { Occasion } from './message.ts';
import { type Case, type Found, occasionOf, type Remediation, type RunState } from './run.ts';

/** Of what is skipped, people are told these; the others are as the policy means them. */
const worthTelling: ReadonlySet<SkippedAction['because']> = new Set([
  'guardrail',
  'suppressed',
  'suppression-unknown',
  'own-resource',
  'kill-switch',
  'breaker-open',
]);

/**
 * @returns what was done. Rejects when something that has to be known could not be read: nothing was begun then that the
 *   journal does not tell, and the same may be asked again.
 */
export async function bringAbout(state: RunState, occasion: Occasion): Promise<Remediation> {
  const found = await state.find(occasion.finding);
  if (typeof found === 'string') return state.nothing(found);
  const done = await withInterrupted(state, await fulfil(state, occasion, found), found, occasion);
  // What could not be read stops everything, and is over in a while.
  const again = done.again || (state.unanswered && !occasion.reminder);
  return await withUntold(state, { ...done, again }, found);
}

async function fulfil(state: RunState, occasion: Occasion, found: Found): Promise<Remediation> {
  const { finding } = found;
  if (finding.status !== 'OPEN') return await takeTagsAway(state, found);
  if (finding.verdict !== 'FAIL') return state.nothing('What is unknown is never acted on.');
  if (finding.openedAt !== occasion.openedAt) {
    return state.nothing('It was closed and opened again meanwhile, of which a message of its own tells.');
  }
  if (occasion.reminder && (await isDone(state, found))) return state.nothing('All was done already.');
  const looked = await state.reEvaluate(found);
  return typeof looked === 'string' ? state.nothing(looked) : await act(state, occasion, looked);
}

/**
 * Whether the policy asks for nothing that has not been done since the finding was opened: a cheap look for reminders. A fix
 * after which the resource was seen to fail is not done: somebody has changed it again, and nobody saw it pass between.
 */
async function isDone(state: RunState, { entry, finding, control }: Found): Promise<boolean> {
  const { policy, journal } = state.options;
  const asked = policy.controls.get(control.id)?.actions ?? [];
  const actionRuns = await journal.of(finding.id);
  const lookedAt = entry.observations.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  return asked.every((action) => {
    const kind = kindOf(action);
    if (kind === undefined) return true;
    const last = actionRuns.findLast((actionRun) => actionRun.action === action);
    if (last?.status !== 'done' || !isSince(last, finding)) return false;
    return kind !== 'fix' || lookedAt <= Date.parse(last.doneAt ?? '');
  });
}

async function act(state: RunState, occasion: Occasion, subject: Case): Promise<Remediation> {
  const { policy, deps, scheduleGracePeriodEnd, redelivered = false } = state.options;
  const { finding, resource } = subject;
  const plan = await state.plan(policy, subject);
  const lookedAt = deps.now();
  const told = { stage: state.options.stage, at: lookedAt };
  const events: ActionEvent[] = plan.skipped
    .filter(({ because }) => worthTelling.has(because) && !occasion.reminder)
    .map(({ action, because, reason }) =>
      about(finding, resource, action, {
        ...told,
        outcome: 'skipped',
        because: reason,
        skippedBecause: because,
        id: `${occasionOf(finding)} skipped ${action}`,
      }),
    );
  let again = false;
  for (const { action, reason } of plan.actions) {
    const definition = state.definitionOf(action);
    if (definition === undefined) continue;
    const decision = { by: 'policy', name: policy.file ?? 'the default policy', why: reason } as const;
    const due = new Date(occasion.since + gracePeriodOf(policy.guardrails, action));
    if (due.getTime() > deps.now().getTime()) {
      // What would not be done then is not announced now.
      const foreseen = await state.foresee(definition, subject, decision);
      if (foreseen !== undefined) {
        if (foreseen.event !== undefined && !occasion.reminder) events.push(foreseen.event);
        continue;
      }
      const scheduled = await scheduleGracePeriodEnd(occasion, definition.id, due);
      if (scheduled === 'scheduled' || redelivered) {
        const id = `${occasionOf(finding)} pending ${action}`;
        events.push(
          about(finding, resource, action, {
            ...told,
            outcome: 'pending',
            because: reason,
            due,
            id,
            definition,
          }),
        );
      }
      continue;
    }
    const one = await state.carryOut(definition, subject, decision, undefined);
    // What still stands in the way, or is partially completed, was told when it first did; the next scheduled scan reminds of it again.
    if (one.event !== undefined && !(occasion.reminder && one.event.outcome !== 'done')) {
      events.push(one.event);
    }
    again ||= one.again && !occasion.reminder;
  }
  const nothing =
    events.length === 0 && !again
      ? `The policy asks for nothing to be done now (run ${state.options.run}).`
      : undefined;
  return state.result({ events, again, nothing });
}

/** What passes, or was deleted, does not bear the tags of a failure any more. */
async function takeTagsAway(state: RunState, { entry, finding, control }: Found): Promise<Remediation> {
  const { journal } = state.options;
  const definition = state.definitionOf('tag');
  const actionRun = await journal.latest(finding.id, 'tag');
  if (
    definition === undefined ||
    actionRun === undefined ||
    !['begun', 'done', 'undoing'].includes(actionRun.status)
  ) {
    return state.nothing(`The finding is ${finding.status}.`);
  }
  state.handled.add('tag');
  const why = `${control.id} does not fail any more, so that the tags of its failure are taken away.`;
  const decision = { by: 'policy', name: 'the end of the finding', why } as const;
  const outcome = await undo(definition, actionRun, state.runOptions(decision));
  const event =
    outcome.kind === 'undone'
      ? toldOfUndo(outcome, actionRun, state.told(finding, entry.resource, definition))
      : undefined;
  return state.result({
    events: event === undefined ? [] : [event],
    // Nothing else reminds of what is closed.
    again: ['partially-completed', 'busy', 'under-way', 'skipped'].includes(outcome.kind),
    nothing: event === undefined ? `The tags: ${outcome.kind}.` : undefined,
  });
}

function isSince({ begunAt }: ActionRun, { openedAt }: Finding): boolean {
  return openedAt === null || Date.parse(begunAt) >= Date.parse(openedAt);
}
