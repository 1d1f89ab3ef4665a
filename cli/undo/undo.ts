/** Takes action runs back one after the other, or tells what would come of it; tells each apart from the others. */

import { reasonOf } from '../../lib/aws/reason.ts';
import type { ActionId, AnyAction } from '../../lib/core/action.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import type { RunAdmission, RunOptions } from '../../lib/remediation/actions/run.ts';
import { type UndoResult, undo } from '../../lib/remediation/actions/undo.ts';
import type { KillSwitch } from '../../lib/remediation/kill-switch.ts';
import { QuarantineError } from '../../lib/services/ec2/quarantine/error.ts';

export type Result =
  | UndoResult
  /** Of a preview: the resource is as the action run left it, and nothing stands in the way. */
  | { readonly kind: 'would-be-undone' }
  /** What stands could not be read, or the journal not be written; the same may be asked again. */
  | { readonly kind: 'unreadable'; readonly because: string }
  /** It was not come to any more, because of an interruption. */
  | { readonly kind: 'interrupted' };

export interface Taken {
  readonly actionRun: ActionRun;
  readonly result: Result;
}

export interface TakeBackOptions extends Omit<RunOptions, 'admit'> {
  readonly actionOf: (id: ActionId) => AnyAction | undefined;
  /** Asked just before each action run's first write. */
  readonly killSwitch: () => Promise<KillSwitch>;
  readonly despiteKillSwitch: boolean;
  readonly signal: AbortSignal;
}

/** The results, newest action run first: a later one may rest on what an earlier one made. */
export async function takeBack(
  actionRuns: readonly ActionRun[],
  options: TakeBackOptions,
  told: (taken: Taken) => void = () => undefined,
): Promise<readonly Taken[]> {
  const all: Taken[] = [];
  for (const actionRun of actionRuns.toReversed()) {
    const result: Result = options.signal.aborted
      ? { kind: 'interrupted' }
      : await attempt(actionRun, options, () => admission(options));
    const taken = { actionRun, result };
    told(taken);
    all.push(taken);
  }
  return all;
}

/** What would come of it as things are now: looks as the undo would, and stops where it would write. */
export async function foresee(
  actionRuns: readonly ActionRun[],
  options: TakeBackOptions,
): Promise<readonly Taken[]> {
  const all: Taken[] = [];
  for (const actionRun of actionRuns.toReversed()) {
    options.signal.throwIfAborted();
    let reached = false;
    const result = await attempt(actionRun, options, async () => {
      const answer = await admission(options);
      reached = answer.admitted;
      return answer.admitted ? { admitted: false, because: 'It is a preview.' } : answer;
    });
    all.push({ actionRun, result: reached ? { kind: 'would-be-undone' } : result });
  }
  return all;
}

async function attempt(
  actionRun: ActionRun,
  options: TakeBackOptions,
  admit: RunOptions['admit'],
): Promise<Result> {
  const { actionOf, killSwitch: _, despiteKillSwitch: __, signal: ___, ...run } = options;
  const action = actionOf(actionRun.action);
  if (action === undefined) {
    return {
      kind: 'impossible',
      because: 'This version of Trailseal has no such action: use the one that did it.',
    };
  }
  try {
    // Others may have written it since it was listed, and a person may have thought for long.
    const now = (await options.history.of(actionRun.finding.id)).find(
      (one) => nameOfActionRun(one) === nameOfActionRun(actionRun),
    );
    return await undo(action, now ?? actionRun, { ...run, admit });
  } catch (error) {
    if (error instanceof StateTableError || error instanceof QuarantineError)
      return { kind: 'unreadable', because: error.message };
    // The SDK marks every error that comes out of a call so; any other is a fault of our own.
    if (error instanceof Error && '$metadata' in error) {
      return { kind: 'unreadable', because: `AWS did not answer: ${reasonOf(error)}` };
    }
    throw error;
  }
}

async function admission({ killSwitch, despiteKillSwitch }: TakeBackOptions): Promise<RunAdmission> {
  if (despiteKillSwitch) return { admitted: true };
  const { state, because } = await killSwitch();
  if (state === 'disengaged') return { admitted: true };
  const what =
    state === 'engaged' ? 'The kill switch is engaged.' : `The kill switch stops everything: ${because}.`;
  return { admitted: false, because: `${what} --despite-kill-switch undoes all the same.` };
}
