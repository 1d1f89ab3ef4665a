/** What AWS answered when it was asked, or why it did not: a refusal is never taken for an answer. */
import { failure } from '../../lib/aws/facts/failure.ts';
import { text } from '../../lib/core/json.ts';

export type Seen<T> = { readonly known: true; readonly value: T } | Unseen;

export interface Unseen {
  readonly known: false;
  readonly reason: 'denied' | 'throttled' | 'failed';
  /** The action as IAM names it. */
  readonly action: string;
  /** A clause for people. */
  readonly detail: string;
}

export function seen<T>(value: T): Seen<T> {
  return { known: true, value };
}

/**
 * Asks AWS.
 * @param action the action as IAM names it, `sqs:GetQueueUrl`.
 * @returns the answer, or why there is none. Rejects only for a mistake of our own.
 */
export async function see<T>(action: string, ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await ask());
  } catch (error) {
    return unseen(error, action);
  }
}

/** As `see`; errors of these names say that there is no such thing, which is an answer too: `undefined`. */
export async function seeIfThere<T>(
  action: string,
  absences: readonly string[],
  ask: () => Promise<T>,
): Promise<Seen<T | undefined>> {
  try {
    return seen(await ask());
  } catch (error) {
    return absences.includes(text(error, 'name') ?? '') ? seen(undefined) : unseen(error, action);
  }
}

function unseen(error: unknown, action: string): Unseen {
  const { reason, detail } = failure(error, action);
  return {
    known: false,
    reason: reason === 'denied' || reason === 'throttled' ? reason : 'failed',
    action,
    detail,
  };
}
