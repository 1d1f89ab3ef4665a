/** Bringing about what the policy asks for a finding, as the finding and its resource are now. */

import type { Finding } from '../findings/finding.ts';
import { graceOf, kindOf } from '../policy/guardrails.ts';
import type { WithheldAction } from '../policy/plan.ts';
import { about } from './about.ts';
import type { Deed } from './actions/action-run.ts';
import { undo } from './actions/undo.ts';
import type { ActionEvent } from './events/action-event.ts';
import { toldOfUndo } from './events/publish-action.ts';
import { withBrokenOff, withUntold } from './interrupted.ts';
import type { Occasion } from './message.ts';
import { type Case, type Course, type Found, occasionOf, type Remediation } from './run.ts';

/** Of what is withheld, people are told these; the others are as the policy means them. */
const worthTelling: ReadonlySet<WithheldAction['because']> = new Set([
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
export async function bringAbout(course: Course, occasion: Occasion): Promise<Remediation> {
  const found = await course.find(occasion.finding);
  if (typeof found === 'string') return course.nothing(found);
  const done = await withBrokenOff(course, await fulfil(course, occasion, found), found, occasion);
  // What could not be read stops everything, and is over in a while.
  const again = done.again || (course.unanswered && !occasion.reminder);
  return await withUntold(course, { ...done, again }, found);
}

async function fulfil(course: Course, occasion: Occasion, found: Found): Promise<Remediation> {
  const { finding } = found;
  if (finding.status !== 'OPEN') return await takeTagsAway(course, found);
  if (finding.verdict !== 'FAIL') return course.nothing('What is unknown is never acted on.');
  if (finding.openedAt !== occasion.openedAt) {
    return course.nothing('It was closed and opened again meanwhile, of which a message of its own tells.');
  }
  if (occasion.reminder && (await isDone(course, found))) return course.nothing('All was done already.');
  const looked = await course.lookAgain(found);
  return typeof looked === 'string' ? course.nothing(looked) : await act(course, occasion, looked);
}

/**
 * Whether the policy asks for nothing that has not been done since the finding was opened: a cheap look for reminders. A fix
 * after which the resource was seen to fail is not done: somebody has changed it again, and nobody saw it pass between.
 */
async function isDone(course: Course, { entry, finding, control }: Found): Promise<boolean> {
  const { policy, journal } = course.options;
  const asked = policy.controls.get(control.id)?.actions ?? [];
  const deeds = await journal.of(finding.id);
  const lookedAt = entry.observations.at(-1)?.at ?? Number.POSITIVE_INFINITY;
  return asked.every((action) => {
    const kind = kindOf(action);
    if (kind === undefined) return true;
    const last = deeds.findLast((deed) => deed.action === action);
    if (last?.status !== 'done' || !isSince(last, finding)) return false;
    return kind !== 'fix' || lookedAt <= Date.parse(last.doneAt ?? '');
  });
}

async function act(course: Course, occasion: Occasion, subject: Case): Promise<Remediation> {
  const { policy, means, wakeAt, redelivered = false } = course.options;
  const { finding, resource } = subject;
  const plan = await course.plan(policy, subject);
  const lookedAt = means.now();
  const told = { stage: course.options.stage, at: lookedAt };
  const events: ActionEvent[] = plan.withheld
    .filter(({ because }) => worthTelling.has(because) && !occasion.reminder)
    .map(({ action, because, reason }) =>
      about(finding, resource, action, {
        ...told,
        outcome: 'withheld',
        because: reason,
        withheldBecause: because,
        id: `${occasionOf(finding)} withheld ${action}`,
      }),
    );
  let again = false;
  for (const { action, reason } of plan.actions) {
    const definition = course.definitionOf(action);
    if (definition === undefined) continue;
    const decision = { by: 'policy', name: policy.file ?? 'the default policy', why: reason } as const;
    const due = new Date(occasion.since + graceOf(policy.guardrails, action));
    if (due.getTime() > means.now().getTime()) {
      // What would not be done then is not announced now.
      const foreseen = await course.foresee(definition, subject, decision);
      if (foreseen !== undefined) {
        if (foreseen.event !== undefined && !occasion.reminder) events.push(foreseen.event);
        continue;
      }
      const scheduled = await wakeAt(occasion, definition.id, due);
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
    const one = await course.carryOut(definition, subject, decision, undefined);
    // What still stands in the way, or is half-done, was told when it first did; the next sweep reminds of it again.
    if (one.event !== undefined && !(occasion.reminder && one.event.outcome !== 'done')) {
      events.push(one.event);
    }
    again ||= one.again && !occasion.reminder;
  }
  const nothing =
    events.length === 0 && !again
      ? `The policy asks for nothing to be done now (run ${course.options.run}).`
      : undefined;
  return course.result({ events, again, nothing });
}

/** What passes, or is gone, does not bear the tags of a failure any more. */
async function takeTagsAway(course: Course, { entry, finding, control }: Found): Promise<Remediation> {
  const { journal } = course.options;
  const definition = course.definitionOf('tag');
  const deed = await journal.latest(finding.id, 'tag');
  if (definition === undefined || deed === undefined || !['begun', 'done', 'undoing'].includes(deed.status)) {
    return course.nothing(`The finding is ${finding.status}.`);
  }
  course.handled.add('tag');
  const why = `${control.id} does not fail any more, so that the tags of its failure are taken away.`;
  const decision = { by: 'policy', name: 'the end of the finding', why } as const;
  const outcome = await undo(definition, deed, course.runOptions(decision));
  const event =
    outcome.kind === 'undone'
      ? toldOfUndo(outcome, deed, course.told(finding, entry.resource, definition))
      : undefined;
  return course.result({
    events: event === undefined ? [] : [event],
    // Nothing else reminds of what is closed.
    again: ['half-done', 'busy', 'under-way', 'withheld'].includes(outcome.kind),
    nothing: event === undefined ? `The tags: ${outcome.kind}.` : undefined,
  });
}

function isSince({ begunAt }: Deed, { openedAt }: Finding): boolean {
  return openedAt === null || Date.parse(begunAt) >= Date.parse(openedAt);
}
