/** Undoes action runs one after the other, or previews it; each has a result of its own. */
import { reasonOf } from '../../lib/aws/reason.ts';
import type { ActionId, AnyAction } from '../../lib/core/action.ts';
import { ActionError } from '../../lib/core/action.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import type { RunAdmission, RunOptions } from '../../lib/remediation/actions/run.ts';
import { type UndoResult, undo } from '../../lib/remediation/actions/undo.ts';
import type { KillSwitch } from '../../lib/remediation/kill-switch.ts';

export type UndoAttemptResult =
  | UndoResult
  /** Of a preview: the resource is as the action run left it, and nothing prevents the undo. */
  | { readonly kind: 'would-be-undone' }
  /** The resource or the history could not be read or written; the same undo may be tried again. */
  | { readonly kind: 'unreadable'; readonly because: string }
  /** Not begun, because the command was interrupted. */
  | { readonly kind: 'interrupted' };

export interface UndoAttempt {
  readonly actionRun: ActionRun;
  readonly result: UndoAttemptResult;
}

export interface UndoAllOptions extends Omit<RunOptions, 'admit'> {
  readonly actionOf: (id: ActionId) => AnyAction | undefined;
  /** Read just before each action run's first write. */
  readonly killSwitch: () => Promise<KillSwitch>;
  readonly despiteKillSwitch: boolean;
  readonly signal: AbortSignal;
}

/** Undoes the action runs, newest first, as a later one may depend on what an earlier one made. */
export async function undoAll(
  actionRuns: readonly ActionRun[],
  options: UndoAllOptions,
  onAttempt: (attempt: UndoAttempt) => void = () => undefined,
): Promise<readonly UndoAttempt[]> {
  const attempts: UndoAttempt[] = [];
  for (const actionRun of actionRuns.toReversed()) {
    const result: UndoAttemptResult = options.signal.aborted
      ? { kind: 'interrupted' }
      : await attemptUndo(actionRun, options, () => admission(options));
    const attempt = { actionRun, result };
    onAttempt(attempt);
    attempts.push(attempt);
  }
  return attempts;
}

/** What `undoAll` would do as things are now: reads as it does, and stops before the first write. */
export async function previewUndo(
  actionRuns: readonly ActionRun[],
  options: UndoAllOptions,
): Promise<readonly UndoAttempt[]> {
  const attempts: UndoAttempt[] = [];
  for (const actionRun of actionRuns.toReversed()) {
    options.signal.throwIfAborted();
    let admitted = false;
    const result = await attemptUndo(actionRun, options, async () => {
      const answer = await admission(options);
      admitted = answer.admitted;
      return answer.admitted ? { admitted: false, because: 'This is a preview.' } : answer;
    });
    attempts.push({ actionRun, result: admitted ? { kind: 'would-be-undone' } : result });
  }
  return attempts;
}

async function attemptUndo(
  actionRun: ActionRun,
  options: UndoAllOptions,
  admit: RunOptions['admit'],
): Promise<UndoAttemptResult> {
  const { actionOf, killSwitch: _, despiteKillSwitch: __, signal: ___, ...run } = options;
  const action = actionOf(actionRun.action);
  if (action === undefined) {
    return {
      kind: 'impossible',
      because: 'This version of Trailseal does not have the action: use the version that carried it out.',
    };
  }
  try {
    // It may have changed since it was listed, as a person may have taken long to answer.
    const current = (await options.history.of(actionRun.finding.id)).find(
      (one) => nameOfActionRun(one) === nameOfActionRun(actionRun),
    );
    return await undo(action, current ?? actionRun, { ...run, admit });
  } catch (error) {
    if (error instanceof StateTableError || error instanceof ActionError)
      return { kind: 'unreadable', because: error.message };
    // The SDK marks every error of a call with `$metadata`; any other is an error in our own code.
    if (error instanceof Error && '$metadata' in error) {
      return { kind: 'unreadable', because: `AWS did not answer: ${reasonOf(error)}` };
    }
    throw error;
  }
}

async function admission({ killSwitch, despiteKillSwitch }: UndoAllOptions): Promise<RunAdmission> {
  if (despiteKillSwitch) return { admitted: true };
  const { state, because } = await killSwitch();
  if (state === 'disengaged') return { admitted: true };
  const what =
    state === 'engaged' ? 'The kill switch is engaged.' : `The kill switch stops all writes: ${because}.`;
  return { admitted: false, because: `${what} To undo all the same, use --despite-kill-switch.` };
}
