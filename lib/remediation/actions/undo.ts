/**
 * Takes an action run back: restores what was there before, only where the resource still is as the action run left it, else says
 * what differs. It may be interrupted anywhere and called again, and is in the journal like the action run itself.
 */
import { reasonOf } from '../../aws/reason.ts';
import { type AnyAction, type Check, UnderWay, type Undo } from '../../core/action.ts';
import { type ActionRun, nameOfActionRun } from './action-run.ts';
import { beforeIn } from './carry-out.ts';
import {
  endAsDeleted,
  lostRace,
  notOurs,
  type RunOptions,
  release,
  type Stopped,
  settled,
  takeLease,
  targetOf,
  type Work,
  whyBroken,
} from './run.ts';

export type UndoOutcome =
  /** Everything is as it was before. */
  | { readonly kind: 'undone'; readonly actionRun: ActionRun }
  | { readonly kind: 'already-undone'; readonly actionRun: ActionRun }
  /** Not run: what a person who wants it runs. */
  | { readonly kind: 'command'; readonly command: string; readonly because: string }
  | { readonly kind: 'impossible'; readonly because: string }
  /** The resource is not as the action run left it: nothing was written. */
  | { readonly kind: 'refused'; readonly because: string; readonly differences: readonly string[] }
  | Stopped;

type Restoring = Extract<Undo<unknown>, { readonly kind: 'restores' }>;

interface Taking extends Work {
  readonly undo: Restoring;
  readonly before: unknown;
}

const rounds = 3;

/**
 * @param action run as the journal has it now.
 * @returns what came of it. Rejects as `carryOut` does.
 */
export async function undo(
  action: AnyAction,
  actionRun: ActionRun,
  options: RunOptions,
): Promise<UndoOutcome> {
  if (action.id !== actionRun.action)
    throw new TypeError(`${nameOfActionRun(actionRun)} is no action run of ${action.id}`);
  const target = targetOf(actionRun);
  const externalAccount = notOurs(target.resource, options.accountRegion);
  if (externalAccount !== undefined) return { kind: 'skipped', because: externalAccount };
  if (actionRun.status === 'undone') return { kind: 'already-undone', actionRun };
  if (actionRun.status === 'deleted') return { kind: 'deleted', because: 'The resource was deleted.' };
  if (actionRun.status === 'superseded') {
    return {
      kind: 'refused',
      because:
        actionRun.undo === null
          ? 'Somebody else changed the resource before it was done.'
          : 'Its undo was given up.',
      differences: actionRun.notes.slice(-1).map(({ what }) => what),
    };
  }
  const newest = await options.journal.latest(actionRun.finding.id, actionRun.action);
  if (newest !== undefined && newest.sequence > actionRun.sequence && stands(newest)) {
    // What is there is its work, and it is what knows how it was before.
    const because = `It was done again since, at ${newest.begunAt}: what was done then is to be undone first.`;
    return { kind: 'skipped', because, actionRun };
  }
  const before = beforeIn(actionRun, action);
  if (action.undo.kind === 'impossible') return action.undo;
  if (action.undo.kind === 'command') {
    const { because } = action.undo;
    return { kind: 'command', because, command: action.undo.command(target, before) };
  }
  return takeBack({ action, target, options, undo: action.undo, before }, actionRun);
}

/** Whether an action run has a hand in how the resource is. */
function stands({ status }: ActionRun): boolean {
  return status === 'begun' || status === 'done' || status === 'undoing';
}

async function takeBack(work: Taking, actionRun: ActionRun): Promise<UndoOutcome> {
  const { action, target, options, before, undo: restoring } = work;
  const { deps, decision } = options;
  const isAsBefore = async () => (await restoring.restored(target, before, deps)).kind === 'as-set';
  const check = await action.check(target, before, deps);
  if (check.kind === 'differs' && !mayGoOn(actionRun, check) && !(await isAsBefore())) {
    if (actionRun.status === 'undoing' && decision.by === 'operator')
      return giveUp(actionRun, check, options);
    return { kind: 'refused', because: refusal(actionRun), differences: check.differences };
  }
  const admission = await options.admit({
    action: action.id,
    resource: target.resource,
    finding: target.finding.id,
    actionRun: nameOfActionRun(actionRun),
    step: 'undo',
  });
  if (!admission.admitted) return { kind: 'skipped', because: admission.because, actionRun };
  const taken = await takeLease(
    actionRun,
    options,
    { status: 'undoing', undo: actionRun.undo ?? decision },
    `Undo begun: ${decision.why}`,
  );
  if ('kind' in taken) return taken;
  if (check.kind === 'deleted') return endAsDeleted(taken, options, check.because);
  return restore(work, taken);
}

/**
 * An undo was interrupted, and somebody else has changed the resource since: neither end can be brought about any more. So
 * that the action run is not in the way of all others for ever, an operator who asks once more ends it, and is told what stands.
 */
async function giveUp(
  actionRun: ActionRun,
  { differences }: Extract<Check, { readonly kind: 'differs' }>,
  options: RunOptions,
): Promise<UndoOutcome> {
  const because =
    'Its undo was interrupted, and somebody else has changed the resource since: it is given up.';
  const taken = await takeLease(actionRun, options, {}, 'Looked at, after an undo that was interrupted.');
  if ('kind' in taken) return taken;
  const undoneAt = options.deps.now().toISOString();
  const what = `${because} ${differences.join('; ')}`;
  const kept = await release(taken, options, { status: 'superseded', undoneAt }, what);
  return kept === undefined ? lostRace : { kind: 'refused', because, differences };
}

/** Whether a resource that is not as set is so because of a run of ours, or an undo, that was interrupted. */
function mayGoOn({ status }: ActionRun, { partial }: Extract<Check, { readonly kind: 'differs' }>): boolean {
  if (status === 'undoing') return partial !== false;
  return status === 'begun' && partial === true;
}

function refusal({ status }: ActionRun): string {
  return status === 'done'
    ? 'The resource is not as it was left: somebody else has changed it.'
    : 'It is partially completed, and whether somebody else has changed the resource meanwhile is unknown.';
}

async function restore(work: Taking, actionRun: ActionRun): Promise<UndoOutcome> {
  const { target, options, before, undo: restoring } = work;
  const { deps } = options;
  let check: Check;
  try {
    let round = 0;
    do {
      round += 1;
      await restoring.restore(target, before, deps);
      check = await settled(() => restoring.restored(target, before, deps), deps);
    } while (check.kind === 'differs' && round < rounds);
  } catch (error) {
    return broken(work, actionRun, error);
  }
  return conclude(work, actionRun, check, 'It was written, and is not as it was before.', undefined);
}

async function broken(work: Taking, actionRun: ActionRun, error: unknown): Promise<UndoOutcome> {
  const { target, options, before, undo: restoring } = work;
  if (error instanceof UnderWay) {
    const kept = await release(actionRun, options, {}, `The undo is still under way: ${error.message}`);
    return kept === undefined ? lostRace : { kind: 'under-way', actionRun: kept, because: error.message };
  }
  let check: Check;
  try {
    check = await restoring.restored(target, before, options.deps);
  } catch (unreadable) {
    check = { kind: 'differs', differences: [`what stands can't be read: ${reasonOf(unreadable)}`] };
  }
  return conclude(work, actionRun, check, whyBroken(error), error);
}

async function conclude(
  { options }: Taking,
  actionRun: ActionRun,
  check: Check,
  because: string,
  cause: unknown,
): Promise<UndoOutcome> {
  if (check.kind === 'deleted') return endAsDeleted(actionRun, options, check.because);
  if (check.kind === 'differs') {
    const { differences } = check;
    const what = `The undo is partially completed. ${because} ${differences.join('; ')}`;
    const kept = await release(actionRun, options, {}, what);
    return kept === undefined
      ? lostRace
      : { kind: 'partially-completed', actionRun: kept, because, differences, cause };
  }
  const undoneAt = options.deps.now().toISOString();
  const kept = await release(actionRun, options, { status: 'undone', undoneAt }, 'Undone and verified.');
  return kept === undefined ? lostRace : { kind: 'undone', actionRun: kept };
}
