/** What comes of one look at one resource: a verdict to record, its end, or another look. Pure. */
import { isGone, isNotReady, wasNotAnswered } from '../../core/absence.ts';
import type { Judged } from '../evaluate.ts';
import { nextLookIn } from './retry-delay.ts';
import type { Task } from './tasks.ts';

export type Outcome =
  /** The verdict counts; `again` when a better answer may be had later. */
  | { readonly kind: 'judged'; readonly again: number | undefined }
  /** The resource is gone; `at` when only the event says so, and its time is what it is known by. */
  | { readonly kind: 'gone'; readonly because: string; readonly at: number | undefined }
  /** Nothing to be recorded yet: look again in so many seconds, or leave it to the next sweep. */
  | { readonly kind: 'unsettled'; readonly because: string; readonly again: number | undefined };

/**
 * @param attempt which look this is, from 1.
 * @param patient whether there is an event to be looked at again; a sweep comes again by itself.
 */
export function outcomeOf(
  task: Task,
  { facts, resource }: Judged,
  attempt: number,
  patient: boolean,
): Outcome {
  const again = (unsettled: Parameters<typeof nextLookIn>[0]) =>
    patient ? nextLookIn(unsettled, attempt) : undefined;
  const gone = isGone(facts);
  if (gone !== undefined) {
    // Just made, and not to be seen even after some seconds: it may still come, unless it was ended meanwhile.
    const later = task.mayBeGone ? undefined : again('not-there-yet');
    return later === undefined
      ? { kind: 'gone', because: gone, at: undefined }
      : { kind: 'unsettled', because: gone, again: later };
  }
  const notReady = isNotReady(facts);
  if (notReady !== undefined) {
    const later = again('not-ready');
    if (later !== undefined || !patient) return { kind: 'unsettled', because: notReady, again: later };
    return { kind: 'judged', again: undefined };
  }
  const known = Object.values(facts).some((fact) => fact.known);
  if (task.ended && !known) {
    const later = wasNotAnswered(facts) === undefined ? undefined : again('unanswered');
    if (later !== undefined) {
      return { kind: 'unsettled', because: `whether ${resource.id} is gone was not answered`, again: later };
    }
    const { eventName, time } = task.cause;
    return { kind: 'gone', because: `${eventName} ended ${resource.id}`, at: time };
  }
  if (task.ended) {
    const later = again('still-there');
    if (later !== undefined) {
      return { kind: 'unsettled', because: `${resource.id} is still to be seen`, again: later };
    }
  }
  return { kind: 'judged', again: wasNotAnswered(facts) === undefined ? undefined : again('unanswered') };
}
