/** What AWS answered, or why it did not: a refusal is never taken for an answer. */
import { failure } from '../../lib/aws/facts/failure.ts';
import { text } from '../../lib/core/json.ts';
import { printable } from '../output/printable.ts';

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
 * Why there is no answer, for people: the call, what AWS said, the account and Region, and what to do. Escaped. Pure.
 * @example noAnswerText(found, deployment)
 * // 'ssm:PutParameter was denied (no) in account 111122223333, eu-central-1; allow it, or name other credentials with --profile'
 */
export function noAnswerText(
  { reason, detail }: NoAnswer,
  { account, region }: Readonly<Record<'account' | 'region', string>>,
): string {
  return `${printable(detail)} in account ${account}, ${region}; ${advice[reason]}`;
}

const advice: Readonly<Record<NoAnswer['reason'], string>> = {
  denied: 'allow it, or name other credentials with --profile',
  throttled: 'AWS is asked too often: wait a minute, and run the command again',
  failed: 'run the command again; if it stays, check that this machine reaches AWS in the Region',
};

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
