/**
 * Undoes an action run: restores what was there before, only where the resource still is as the action run left it, else
 * says what differs. It may be interrupted anywhere and called again, and is in the run history like the action run
 * itself.
 */
import type { AnyAction, Check, Undo } from '../../core/action.ts';
import { type ActionRun, nameOfActionRun } from './action-run.ts';
import { type Attempt, perform } from './attempt.ts';
import { checkActionRun } from './checked-run.ts';
import {
  beforeIn,
  endAsDeleted,
  lostRace,
  notOurs,
  type RunInput,
  type RunOptions,
  refused,
  release,
  type StoppedResult,
  takeLease,
  targetOf,
} from './run.ts';

export type UndoResult =
  /** Everything is as it was before. `cause`: the error after which all was found so. */
  | { readonly kind: 'undone'; readonly actionRun: ActionRun; readonly cause?: unknown }
  | { readonly kind: 'already-undone'; readonly actionRun: ActionRun }
  /** Not run: what a person who wants it runs. */
  | { readonly kind: 'command'; readonly command: string; readonly because: string }
  | { readonly kind: 'impossible'; readonly because: string }
  /** The resource is not as the action run left it: nothing was written. */
  | { readonly kind: 'refused'; readonly because: string; readonly differences: readonly string[] }
  | StoppedResult;

export interface UndoOptions extends RunOptions {
  /**
   * For a function, which must not restore what exposes again: the command by which an operator undoes the action run
   * himself. Left out by that command.
   */
  readonly operatorCommand?: (actionRun: ActionRun) => string;
}

interface UndoInput extends RunInput {
  readonly undo: Extract<Undo<unknown>, { readonly kind: 'restores' }>;
  readonly before: unknown;
}

/**
 * @param action whose action run it is; a `TypeError` is thrown for another.
 * @param actionRun as the run history has it now.
 * @returns what came of it. Rejects as `carryOut` does.
 */
export async function undo(
  action: AnyAction,
  actionRun: ActionRun,
  options: UndoOptions,
): Promise<UndoResult> {
  if (action.id !== actionRun.action)
    throw new TypeError(`${nameOfActionRun(actionRun)} is no action run of ${action.id}`);
  checkActionRun(actionRun, { finding: actionRun.finding.id });
  const target = targetOf(actionRun);
  const elsewhere = notOurs(target.resource, options.accountRegion);
  if (elsewhere !== undefined) return { kind: 'skipped', because: elsewhere };
  if (actionRun.status === 'undone') return { kind: 'already-undone', actionRun };
  if (actionRun.status === 'deleted') return { kind: 'deleted', because: 'The resource was deleted.' };
  if (actionRun.status === 'superseded') {
    return {
      kind: 'refused',
      because:
        actionRun.undo === null
          ? 'Somebody else changed the resource before it was done.'
          : 'Its undo was given up.',
      differences: actionRun.notes.slice(-1).map(({ text }) => text),
    };
  }
  const newest = await options.history.latest(actionRun.finding.id, actionRun.action);
  if (newest !== undefined && newest.sequence > actionRun.sequence && isInPlace(newest)) {
    // The later action run made the resource as it is, and stores how it was before.
    const because = `It was done again since, at ${newest.begunAt}: what was done then is to be undone first.`;
    return { kind: 'skipped', because, actionRun };
  }
  const before = beforeIn(actionRun, action);
  if (action.undo.kind === 'impossible') return action.undo;
  if (action.undo.kind === 'command') {
    const { because } = action.undo;
    return { kind: 'command', because, command: action.undo.command(target, before) };
  }
  if (action.undo.by === 'operator' && options.operatorCommand !== undefined) {
    return { kind: 'command', because: action.undo.because, command: options.operatorCommand(actionRun) };
  }
  return undoByRestoring({ action, target, options, undo: action.undo, before }, actionRun);
}

/** Whether what an action run wrote may be in place. */
function isInPlace({ status }: ActionRun): boolean {
  return status === 'begun' || status === 'done' || status === 'undoing';
}

async function undoByRestoring(input: UndoInput, last: ActionRun): Promise<UndoResult> {
  const { action, target, options, before } = input;
  const { deps, decision } = options;
  const attempt = attemptOf(input);
  const check = await action.check(target, before, deps);
  if (check.kind === 'differs' && !mayGoOn(last, check) && (await attempt.check()).kind !== 'as-set') {
    if (last.status === 'undoing' && decision.actor === 'operator') return giveUp(last, check, options);
    return { kind: 'refused', because: whyRefused(last), differences: check.differences };
  }
  const admission = await options.admit({
    action: action.id,
    resource: target.resource,
    finding: target.finding.id,
    actionRunName: nameOfActionRun(last),
    step: 'undo',
  });
  if (!admission.admitted) return refused(admission, last);
  const leased = await takeLease(
    last,
    options,
    { status: 'undoing', undo: last.undo ?? decision },
    `Undo begun: ${decision.reason}`,
  );
  if (leased.kind !== 'leased') return leased;
  if (check.kind === 'deleted') return endAsDeleted(leased.actionRun, options, check.because);
  const result = await perform(attempt, leased.actionRun, options);
  return result.kind === 'completed'
    ? { kind: 'undone', actionRun: result.actionRun, cause: result.cause }
    : result;
}

/**
 * An undo was interrupted, and somebody else has changed the resource since: neither end can be brought about any more.
 * So that the action run does not block all later ones, an operator who asks once more ends it, and is shown what differs.
 */
async function giveUp(
  last: ActionRun,
  { differences }: Extract<Check, { readonly kind: 'differs' }>,
  options: RunOptions,
): Promise<UndoResult> {
  const because =
    'Its undo was interrupted, and somebody else has changed the resource since: it is given up.';
  const leased = await takeLease(last, options, {}, 'Checked, after an undo that was interrupted.');
  if (leased.kind !== 'leased') return leased;
  const undoneAt = options.deps.now().toISOString();
  const text = `${because} ${differences.join('; ')}`;
  const stored = await release(leased.actionRun, options, { status: 'superseded', undoneAt }, text);
  return stored === undefined ? lostRace : { kind: 'refused', because, differences };
}

/** Whether a resource that is not as set is so because of a run of ours, or an undo, that was interrupted. */
function mayGoOn({ status }: ActionRun, { partial }: Extract<Check, { readonly kind: 'differs' }>): boolean {
  if (status === 'undoing') return partial !== false;
  return status === 'begun' && partial === true;
}

function whyRefused({ status }: ActionRun): string {
  return status === 'done'
    ? 'The resource is not as it was left: somebody else has changed it.'
    : 'It is partially completed, and whether somebody else has changed the resource meanwhile is unknown.';
}

function attemptOf({ target, options: { deps }, before, undo: restoring }: UndoInput): Attempt {
  return {
    write: () => restoring.restore(target, before, deps),
    check: () => restoring.restored(target, before, deps),
    mayRepeat: () => true,
    ended: (_check, at) => ({ status: 'undone', undoneAt: at }),
    texts: {
      ended: 'Undone and verified.',
      partiallyCompleted: 'The undo is partially completed.',
      underWay: 'The undo is still under way',
      notAsSet: 'It was written, and is not as it was before.',
    },
  };
}
