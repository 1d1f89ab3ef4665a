/**
 * An attempt to bring a resource into a state, by an action or by its undo: it writes, checks what came of it, and ends
 * with the action run stored as what was found, also when AWS fails in between.
 */

import { reasonOf } from '../../aws/reason.ts';
import { type ActionDeps, type Check, Halted, UnderWay } from '../../core/action.ts';
import type { ActionRun } from './action-run.ts';
import { endAsDeleted, lostRace, type RunOptions, release, type StoppedResult } from './run.ts';

type AsSet = Extract<Check, { readonly kind: 'as-set' }>;
type Differs = Extract<Check, { readonly kind: 'differs' }>;

/** What is attempted. */
export interface Attempt {
  /** Idempotent. */
  write(): Promise<void>;
  /** Reads only. */
  check(): Promise<Check>;
  /** Whether it is written once more where the check finds it otherwise. */
  mayRepeat(check: Differs): boolean;
  /** What the action run becomes when the check finds all as set. @param at ISO 8601, UTC. */
  ended(check: AsSet, at: string): Partial<Pick<ActionRun, 'status' | 'after' | 'doneAt' | 'undoneAt'>>;
  /** What people read in the notes of the action run, and as the reason. */
  readonly texts: {
    /** A sentence: it ended. */
    readonly ended: string;
    /** A sentence: it is not at its end. */
    readonly partiallyCompleted: string;
    /** A clause that a reason follows: AWS needs more time. */
    readonly underWay: string;
    /** A sentence: it was written, and the check does not find it. */
    readonly notAsSet: string;
  };
}

/** `cause`: the error after which all was found as set. */
export type AttemptResult =
  | { readonly kind: 'completed'; readonly actionRun: ActionRun; readonly cause?: unknown }
  | StoppedResult;

/** It is written so often, where the check afterwards finds it not as set. */
const maxRounds = 3;

/** AWS shows a change only after a while: milliseconds before the second check, the third, … */
const delays = [500, 1_000, 2_000];

/**
 * Writes until the check finds all as set.
 * @param actionRun with this run's lease.
 * @returns what came of it; `partially-completed` also when AWS failed. Rejects with a `StateTableError` where the run
 *   history can't be written.
 */
export async function perform(
  attempt: Attempt,
  actionRun: ActionRun,
  options: RunOptions,
): Promise<AttemptResult> {
  let check: Check;
  try {
    let round = 0;
    do {
      round += 1;
      await attempt.write();
      check = await settled(attempt.check, options.deps);
    } while (check.kind === 'differs' && attempt.mayRepeat(check) && round < maxRounds);
  } catch (error) {
    return afterError(attempt, actionRun, options, error);
  }
  return conclude(attempt, actionRun, options, check, attempt.texts.notAsSet);
}

/**
 * How the resource is after an error; a call the answer to which was lost may have done all there was to do.
 * Returns and rejects as `perform` does.
 */
export async function afterError(
  attempt: Attempt,
  actionRun: ActionRun,
  options: RunOptions,
  error: unknown,
): Promise<AttemptResult> {
  if (error instanceof UnderWay) {
    const text = `${attempt.texts.underWay}: ${error.message}`;
    const stored = await release(actionRun, options, {}, text);
    return stored === undefined ? lostRace : { kind: 'under-way', actionRun: stored, because: error.message };
  }
  let check: Check;
  try {
    check = await attempt.check();
  } catch (unreadable) {
    check = { kind: 'differs', differences: [`the resource can't be read: ${reasonOf(unreadable)}`] };
  }
  const because = error instanceof Halted ? error.message : `AWS did not do all of it: ${reasonOf(error)}.`;
  return conclude(attempt, actionRun, options, check, because, error);
}

/**
 * Stores what the check found.
 * @param because why it is partially completed where something differs, as a sentence.
 * Returns and rejects as `perform` does.
 */
export async function conclude(
  attempt: Attempt,
  actionRun: ActionRun,
  options: RunOptions,
  check: Check,
  because: string,
  cause?: unknown,
): Promise<AttemptResult> {
  switch (check.kind) {
    case 'as-set': {
      const change = attempt.ended(check, options.deps.now().toISOString());
      const stored = await release(actionRun, options, change, attempt.texts.ended);
      return stored === undefined ? lostRace : { kind: 'completed', actionRun: stored, cause };
    }
    case 'deleted':
      return endAsDeleted(actionRun, options, check.because, cause);
    case 'differs': {
      const { differences } = check;
      const text = `${attempt.texts.partiallyCompleted} ${because} ${differences.join('; ')}`;
      const stored = await release(actionRun, options, {}, text);
      return stored === undefined
        ? lostRace
        : { kind: 'partially-completed', actionRun: stored, because, differences, cause };
    }
  }
}

/**
 * Checks until all is as set, or there were checks enough. Rejects as the check does.
 * Source: "Eventual consistency in the Amazon EC2 API".
 */
export async function settled(
  checkNow: () => Promise<Check>,
  { wait }: Pick<ActionDeps, 'wait'>,
): Promise<Check> {
  let check = await checkNow();
  for (const delay of delays) {
    if (check.kind !== 'differs') return check;
    await wait(delay);
    check = await checkNow();
  }
  return check;
}
