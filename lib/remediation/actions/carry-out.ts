/**
 * Carries out an action on a resource so that it may be interrupted anywhere and called again: the state before is in
 * the run history ahead of the first write, an interrupted run is resumed from there and not prepared anew, and what was
 * done is verified. Of two runs at the same time one acts.
 */
import type { AnyAction, Check, Prepared, Target } from '../../core/action.ts';
import { type ActionRun, changed, isSinceOpened, nameOfActionRun } from './action-run.ts';
import { type Attempt, type AttemptResult, afterError, conclude, perform } from './attempt.ts';
import { checkActionRun } from './checked-run.ts';
import {
  beforeIn,
  endAsDeleted,
  lostRace,
  notOurs,
  type RunInput,
  type RunOptions,
  refused,
  type StoppedResult,
  takeLease,
  targetOf,
} from './run.ts';

export type CarryOutResult =
  /** Done, now and by this run, and verified. `cause`: the error after which all was found done. */
  | { readonly kind: 'done'; readonly actionRun: ActionRun; readonly cause?: unknown }
  /** Done earlier, and the resource still is as it should be. */
  | { readonly kind: 'already-done'; readonly actionRun: ActionRun }
  /** The resource is as it should be, and not by an action of ours. */
  | { readonly kind: 'needless'; readonly because: string }
  | StoppedResult;

/**
 * @param target the resource, the finding, and the policy's settings for the action, which are parsed here.
 * @returns what came of it; `partially-completed` also when AWS failed. Rejects where the run history can't be read or
 *   written (`StateTableError`), or AWS does not answer before anything was begun (what the SDK throws): the same may be
 *   called again.
 */
export async function carryOut(
  action: AnyAction,
  target: Target,
  options: RunOptions,
): Promise<CarryOutResult> {
  const elsewhere = notOurs(target.resource, options.accountRegion);
  if (elsewhere !== undefined) return { kind: 'skipped', because: elsewhere };
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) {
    return { kind: 'skipped', because: `The policy's settings are not those of ${action.id}.` };
  }
  const input: RunInput = { action, target: { ...target, settings: settings.data }, options };
  const last = await lastRunOf(input);
  if (last?.status === 'begun') return resume(input, last);
  return (last === undefined ? undefined : undoInTheWay(last, input)) ?? begin(input, last);
}

/**
 * What a run would end with before it began anything; `undefined` where it would begin, or resume. Reads only.
 * Rejects as `carryOut` does.
 */
export async function foresee(
  action: AnyAction,
  target: Target,
  options: RunOptions,
): Promise<Extract<CarryOutResult, { readonly kind: 'skipped' | 'needless' }> | undefined> {
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) return undefined;
  const input: RunInput = { action, target: { ...target, settings: settings.data }, options };
  const last = await lastRunOf(input);
  if (last?.status === 'begun') return undefined;
  const undo = last === undefined ? undefined : undoInTheWay(last, input);
  if (undo !== undefined) return undo;
  const prepared = await prepare(input, last);
  return prepared.kind === 'ready' ? undefined : prepared;
}

/** The newest action run of the action for the finding. Rejects with a `StateTableError` for one that is not what it says. */
async function lastRunOf({ action, target, options }: RunInput): Promise<ActionRun | undefined> {
  const finding = target.finding.id;
  const last = await options.history.latest(finding, action.id);
  return last === undefined ? undefined : checkActionRun(last, { finding, action: action.id });
}

/** An undo that keeps the action from being carried out: an operator's, or one that is partially completed. */
function undoInTheWay(
  last: ActionRun,
  input: RunInput,
): Extract<StoppedResult, { readonly kind: 'skipped' }> | undefined {
  if (last.status === 'undoing') {
    return {
      kind: 'skipped',
      because: 'Its undo is partially completed: finish that first.',
      actionRun: last,
    };
  }
  if ((last.status !== 'undone' && last.status !== 'superseded') || !isUndoneByOperator(last, input))
    return undefined;
  const because = `${last.undo?.name} undid it at ${last.undoneAt}, and the resource was not seen to pass since.`;
  return { kind: 'skipped', because, actionRun: last };
}

/**
 * Whether an operator undid it, or tried to, so that the policy may not do it again for the same failure: it is the same
 * until the resource was seen to pass. A finding that was only opened anew since may have been closed by the action.
 */
function isUndoneByOperator(
  { undo, undoneAt }: ActionRun,
  { target: { finding }, options }: RunInput,
): boolean {
  if (undo?.actor !== 'operator' || options.decision.actor !== 'policy') return false;
  const since = Date.parse(undoneAt ?? '');
  const { history = [] } = finding;
  return !history.some(({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > since);
}

/**
 * What there is to do now. Where what an earlier run did may be in place, in whole or in part, the undo has to restore the
 * state before that run.
 */
async function prepare(
  { action, target, options: { deps } }: RunInput,
  last: ActionRun | undefined,
): Promise<Prepared<unknown>> {
  if (action.prepareAgain === undefined || (last?.status !== 'done' && last?.status !== 'reverted')) {
    return action.prepare(target, deps);
  }
  const earlier = {
    before: beforeIn(last, action),
    settings: last.settings,
    sameFailure: isSinceOpened(last, target.finding),
  };
  return action.prepareAgain(target, earlier, deps);
}

/** @param last the action run before, which has ended. */
async function begin(input: RunInput, last: ActionRun | undefined): Promise<CarryOutResult> {
  const { action, target, options } = input;
  const { history, deps, run, leaseFor, decision } = options;
  const prepared = await prepare(input, last);
  if (prepared.kind === 'skipped') return prepared;
  if (prepared.kind === 'needless') {
    return last?.status === 'done' ? { kind: 'already-done', actionRun: last } : prepared;
  }
  // As it comes back from the run history: what a later run could not read stops this one before it writes.
  const before = action.before.parse(JSON.parse(JSON.stringify(prepared.before)));
  const { tags: _tags, ...resource } = target.resource;
  const { id, control, title, severity, openedAt } = target.finding;
  const now = deps.now();
  const begunAt = now.toISOString();
  const actionRun: ActionRun = {
    finding: { id, control, title, severity, openedAt },
    action: action.id,
    sequence: (last?.sequence ?? 0) + 1,
    resource,
    settings: target.settings,
    status: 'begun',
    decision,
    plan: prepared.plan,
    before,
    after: [],
    begunAt,
    doneAt: null,
    undoneAt: null,
    undo: null,
    notes: [{ at: begunAt, actor: run, text: 'Begun.' }],
    lease: { owner: run, until: now.getTime() + leaseFor },
    version: 1,
    writer: run,
  };
  const admission = await options.admit({
    action: action.id,
    resource,
    finding: id,
    actionRunName: nameOfActionRun(actionRun),
    step: 'begin',
  });
  if (!admission.admitted) return refused(admission);
  if (!(await history.begin(actionRun))) return lostRace;
  return resultOf(await perform(attemptOf(input, before), actionRun, options));
}

async function resume(input: RunInput, last: ActionRun): Promise<CarryOutResult> {
  const { action, options } = input;
  const before = beforeIn(last, action);
  const { resource, finding } = last;
  const admission = await options.admit({
    action: action.id,
    resource,
    finding: finding.id,
    actionRunName: nameOfActionRun(last),
    step: 'resume',
  });
  if (!admission.admitted) return refused(admission, last);
  const leased = await takeLease(last, options, {}, 'Resumed, after a run that was interrupted.');
  if (leased.kind !== 'leased') return leased;
  const { actionRun } = leased;
  // As it was decided then: the policy may have changed since.
  const attempt = attemptOf({ ...input, target: targetOf(actionRun) }, before);
  let check: Check;
  try {
    check = await attempt.check();
  } catch (error) {
    return resultOf(await afterError(attempt, actionRun, options, error));
  }
  if (check.kind === 'deleted') return endAsDeleted(actionRun, options, check.because);
  if (check.kind === 'as-set') return resultOf(await conclude(attempt, actionRun, options, check, ''));
  if (check.partial !== false) return resultOf(await perform(attempt, actionRun, options));
  const superseded = changed(
    actionRun,
    { status: 'superseded', lease: null },
    {
      at: options.deps.now().toISOString(),
      actor: options.run,
      text: `Somebody else changed the resource meanwhile: ${check.differences.join('; ')}.`,
    },
  );
  return (await options.history.save(superseded)) ? begin(input, superseded) : lostRace;
}

/**
 * Finds out how far an action run that was interrupted came, and writes nothing to the resource: its finding is closed,
 * or something keeps it from being resumed.
 * @returns `done` where all was written, else `partially-completed`, for a person to undo or finish. Rejects as
 *   `carryOut` does.
 */
export async function verify(
  action: AnyAction,
  last: ActionRun,
  options: RunOptions,
): Promise<CarryOutResult> {
  checkActionRun(last, { finding: last.finding.id, action: action.id });
  const elsewhere = notOurs(last.resource, options.accountRegion);
  if (elsewhere !== undefined) return { kind: 'skipped', because: elsewhere };
  const attempt = attemptOf({ action, target: targetOf(last), options }, beforeIn(last, action));
  const leased = await takeLease(last, options, {}, 'Checked, after a run that was interrupted.');
  if (leased.kind !== 'leased') return leased;
  const { actionRun } = leased;
  const check = await attempt.check();
  const because = 'A run was interrupted, and is not resumed.';
  return resultOf(await conclude(attempt, actionRun, options, check, because));
}

function attemptOf({ action, target, options: { deps } }: RunInput, before: unknown): Attempt {
  return {
    write: () => action.apply(target, before, deps),
    check: () => action.check(target, before, deps),
    mayRepeat: ({ partial }) => partial !== false,
    ended: ({ state = [] }, at) => ({ status: 'done', after: state, doneAt: at }),
    texts: {
      ended: 'Done and verified.',
      partiallyCompleted: 'Partially completed.',
      underWay: 'Still under way',
      notAsSet: 'It was written, and is not as set.',
    },
  };
}

function resultOf(result: AttemptResult): CarryOutResult {
  if (result.kind !== 'completed') return result;
  const { actionRun, cause } = result;
  return { kind: 'done', actionRun, cause };
}
