/** What comes of one look at one resource: a verdict to record, its end, or another look. Pure. */
import { isDeleted, isNotReady, wasNotAnswered } from '../../core/absence.ts';
import type { Evaluated } from '../evaluate.ts';
import { reEvaluationDelay } from './retry-delay.ts';
import type { Task } from './tasks.ts';

export type Outcome =
  /** The verdict counts; `again` when a better answer may be had later. */
  | { readonly kind: 'evaluated'; readonly again: number | undefined }
  /** The resource was deleted; `at` when only the event says so, and its time is what it is known by. */
  | { readonly kind: 'deleted'; readonly because: string; readonly at: number | undefined }
  /** Nothing to be recorded yet: look again in so many seconds, or leave it to the next scheduled scan. */
  | { readonly kind: 'unsettled'; readonly because: string; readonly again: number | undefined };

/**
 * @param attempt which look this is, from 1.
 * @param patient whether there is an event to be looked at again; a scheduled scan comes again by itself.
 */
export function outcomeOf(
  task: Task,
  { facts, resource }: Evaluated,
  attempt: number,
  patient: boolean,
): Outcome {
  const again = (unsettled: Parameters<typeof reEvaluationDelay>[0]) =>
    patient ? reEvaluationDelay(unsettled, attempt) : undefined;
  const deleted = isDeleted(facts);
  if (deleted !== undefined) {
    // Just made, and not to be seen even after some seconds: it may still come, unless it was ended meanwhile.
    const later = task.mayBeDeleted ? undefined : again('not-there-yet');
    return later === undefined
      ? // An event that says so is what people know, and what replay tells them.
        { kind: 'deleted', because: task.deleted ? task.cause.eventName : deleted, at: undefined }
      : { kind: 'unsettled', because: deleted, again: later };
  }
  const notReady = isNotReady(facts);
  if (notReady !== undefined) {
    const later = again('not-ready');
    if (later !== undefined || !patient) return { kind: 'unsettled', because: notReady, again: later };
    return { kind: 'evaluated', again: undefined };
  }
  const known = Object.values(facts).some((fact) => fact.known);
  if (task.deleted && !known) {
    const later = wasNotAnswered(facts) === undefined ? undefined : again('unanswered');
    if (later !== undefined) {
      return {
        kind: 'unsettled',
        because: `whether ${resource.id} was deleted was not answered`,
        again: later,
      };
    }
    const { eventName, time } = task.cause;
    return { kind: 'deleted', because: eventName, at: time };
  }
  if (task.deleted) {
    const later = again('still-there');
    if (later !== undefined) {
      return { kind: 'unsettled', because: `${resource.id} is still to be seen`, again: later };
    }
  }
  return { kind: 'evaluated', again: wasNotAnswered(facts) === undefined ? undefined : again('unanswered') };
}
