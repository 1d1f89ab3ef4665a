/** What AWS answered, or why it did not: a refusal is never taken for an answer. */
import { failure } from '../../lib/aws/facts/failure.ts';
import { text } from '../../lib/core/json.ts';

export type Answer<T> = { readonly known: true; readonly value: T } | NoAnswer;

export interface NoAnswer {
  readonly known: false;
  readonly reason: 'denied' | 'throttled' | 'failed';
  /** The IAM action of the call. */
  readonly action: string;
  /** A clause for people. */
  readonly detail: string;
}

export function answered<T>(value: T): Answer<T> {
  return { known: true, value };
}

/**
 * Calls AWS.
 * @param action the IAM action of the call, such as `sqs:GetQueueUrl`.
 * @returns the answer, or why there is none. Rejects only for an error in our own code.
 */
export async function ask<T>(action: string, call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return answered(await call());
  } catch (error) {
    return noAnswer(error, action);
  }
}

/** As `ask`; an error with one of the names in `absences` means that the thing does not exist: `undefined`. */
export async function askIfExists<T>(
  action: string,
  absences: readonly string[],
  call: () => Promise<T>,
): Promise<Answer<T | undefined>> {
  try {
    return answered(await call());
  } catch (error) {
    return absences.includes(text(error, 'name') ?? '') ? answered(undefined) : noAnswer(error, action);
  }
}

function noAnswer(error: unknown, action: string): NoAnswer {
  const { reason, detail } = failure(error, action);
  return {
    known: false,
    reason: reason === 'denied' || reason === 'throttled' ? reason : 'failed',
    action,
    detail,
  };
}
