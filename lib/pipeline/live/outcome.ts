/** The outcome of one evaluation of one resource: a verdict to record, a deletion, or a later re-evaluation. Pure. */
import { isDeleted, isNotReady, wasNotAnswered } from '../../core/absence.ts';
import type { Evaluated } from '../evaluate.ts';
import { reEvaluationDelay } from './retry-delay.ts';
import type { Task } from './tasks.ts';

export type TaskOutcome =
  /** The verdict counts; `again`, in seconds, when a later evaluation may give a better answer. */
  | { readonly kind: 'evaluated'; readonly again: number | undefined }
  /** The resource was deleted, as AWS says. */
  | { readonly kind: 'deleted'; readonly because: string }
  /** Nothing to record yet: re-evaluate in `again` seconds, or leave the resource to the next scheduled scan. */
  | { readonly kind: 'unsettled'; readonly because: string; readonly again: number | undefined };

/**
 * Decides what follows from the evaluation of one resource.
 * @param task what was evaluated, and why.
 * @param attempt the number of this evaluation, from 1.
 * @param patient whether an event caused it, so that a message can request another evaluation; a scheduled scan comes
 *   again by itself.
 * @returns the outcome; times to wait are in seconds.
 * @example outcomeOf(task, evaluated, 1, true) // { kind: 'evaluated', again: undefined } where all facts are known
 */
export function outcomeOf(
  task: Task,
  { facts, resource }: Evaluated,
  attempt: number,
  patient: boolean,
): TaskOutcome {
  const again = (unsettled: Parameters<typeof reEvaluationDelay>[0]) =>
    patient ? reEvaluationDelay(unsettled, attempt) : undefined;
  const deleted = isDeleted(facts);
  if (deleted !== undefined) {
    // A new resource that AWS does not show even after some seconds may still appear, unless it was deleted meanwhile.
    const later = task.mayBeDeleted ? undefined : again('not-there-yet');
    return later === undefined
      ? // People know the event of the deletion, and replay names it too.
        { kind: 'deleted', because: task.deleted ? task.cause.eventName : deleted }
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
    // A message alone archives nothing: that is for AWS to say.
    const because = `whether ${resource.id} was deleted (${task.cause.eventName}) is not known; it is left to the scheduled scan`;
    return { kind: 'unsettled', because, again: undefined };
  }
  if (task.deleted) {
    const later = again('still-there');
    if (later !== undefined) {
      return { kind: 'unsettled', because: `${resource.id} is still to be seen`, again: later };
    }
  }
  return { kind: 'evaluated', again: wasNotAnswered(facts) === undefined ? undefined : again('unanswered') };
}
