/**
 * Carries out an action on a resource so that it may be interrupted anywhere and called again: the state before is in
 * the journal ahead of the first write, a interrupted run is resumed from there and not prepared anew, and what
 * was done is verified. Of two runs at the same time one acts.
 */
import { reasonOf } from '../../aws/reason.ts';
import { type AnyAction, type Check, type Target, UnderWay } from '../../core/action.ts';
import { StateTableError, someOf } from '../../findings/state/error.ts';
import { type ActionRun, changed, nameOfActionRun } from './action-run.ts';
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

export type Outcome =
  /** Done, now and by this run, and verified. */
  | { readonly kind: 'done'; readonly actionRun: ActionRun }
  /** Done earlier, and the resource still is as it should be. */
  | { readonly kind: 'already-done'; readonly actionRun: ActionRun }
  /** The resource is as it should be, and nobody of us made it so. */
  | { readonly kind: 'needless'; readonly because: string }
  | Stopped;

/** So often it is written, where the check afterwards finds it not done. */
const rounds = 3;

/**
 * @returns what came of it; `partially completed` also when AWS failed. Rejects where the journal can't be read or written
 *   (`StateTableError`), or AWS does not answer before anything was begun (what the SDK throws): the same may be called
 *   again.
 */
export async function carryOut(action: AnyAction, target: Target, options: RunOptions): Promise<Outcome> {
  const externalAccount = notOurs(target.resource, options.accountRegion);
  if (externalAccount !== undefined) return { kind: 'skipped', because: externalAccount };
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) {
    return { kind: 'skipped', because: `The policy's settings are none of ${action.id}.` };
  }
  const work: Work = { action, target: { ...target, settings: settings.data }, options };
  const last = await options.journal.latest(target.finding.id, action.id);
  if (last?.status === 'begun') return resume(work, last);
  return (last === undefined ? undefined : wordAgainst(last, work)) ?? begin(work, last);
}

/**
 * What a run would end with before it began anything; `undefined` where it would begin, or go on. Reads only.
 * Rejects as `carryOut` does.
 */
export async function foresee(
  action: AnyAction,
  target: Target,
  options: RunOptions,
): Promise<Extract<Outcome, { readonly kind: 'skipped' | 'needless' }> | undefined> {
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) return undefined;
  const work: Work = { action, target: { ...target, settings: settings.data }, options };
  const last = await options.journal.latest(target.finding.id, action.id);
  if (last?.status === 'begun') return undefined;
  const word = last === undefined ? undefined : wordAgainst(last, work);
  if (word !== undefined) return word;
  const prepared = await action.prepare(work.target, options.deps);
  return prepared.kind === 'ready' ? undefined : prepared;
}

/** What an operator, or an undo that is partially completed, has to say against it. */
function wordAgainst(
  last: ActionRun,
  work: Work,
): { readonly kind: 'skipped'; readonly because: string; readonly actionRun: ActionRun } | undefined {
  if (last.status === 'undoing') {
    return {
      kind: 'skipped',
      because: 'Its undo is partially completed: finish that first.',
      actionRun: last,
    };
  }
  if ((last.status !== 'undone' && last.status !== 'superseded') || !isOperatorsWord(last, work))
    return undefined;
  const because = `${last.undo?.name} undid it at ${last.undoneAt}, and the resource was not seen to pass since.`;
  return { kind: 'skipped', because, actionRun: last };
}

/**
 * Whether an operator took it back, or tried to, so that the policy may not do it again for the same failure: it is the
 * same until the resource was seen to pass. A finding that was only opened anew since may have been closed by the action.
 */
function isOperatorsWord({ undo, undoneAt }: ActionRun, { target: { finding }, options }: Work): boolean {
  if (undo?.by !== 'operator' || options.decision.by !== 'policy') return false;
  const since = Date.parse(undoneAt ?? '');
  const { history = [] } = finding;
  return !history.some(({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > since);
}

/** @param last the action run before, which is ended. */
async function begin(work: Work, last: ActionRun | undefined): Promise<Outcome> {
  const { action, target, options } = work;
  const { journal, deps, run, leaseFor, decision } = options;
  const prepared = await action.prepare(target, deps);
  if (prepared.kind === 'skipped') return prepared;
  if (prepared.kind === 'needless') {
    return last?.status === 'done' ? { kind: 'already-done', actionRun: last } : prepared;
  }
  // As it comes back from the journal: what a later run could not read stops this one before it writes.
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
    notes: [{ at: begunAt, by: run, what: 'Begun.' }],
    lease: { owner: run, until: now.getTime() + leaseFor },
    version: 1,
    writer: run,
  };
  const admission = await options.admit({
    action: action.id,
    resource,
    finding: id,
    actionRun: nameOfActionRun(actionRun),
    step: 'begin',
  });
  if (!admission.admitted) return { kind: 'skipped', because: admission.because };
  if (!(await journal.begin(actionRun))) return lostRace;
  return perform(work, actionRun, before);
}

async function resume(work: Work, actionRun: ActionRun): Promise<Outcome> {
  const { action, options } = work;
  const before = beforeIn(actionRun, action);
  const { resource, finding } = actionRun;
  const admission = await options.admit({
    action: action.id,
    resource,
    finding: finding.id,
    actionRun: nameOfActionRun(actionRun),
    step: 'resume',
  });
  if (!admission.admitted) return { kind: 'skipped', because: admission.because, actionRun };
  const taken = await takeLease(actionRun, options, {}, 'Deleted on with, after a run that was interrupted.');
  if ('kind' in taken) return taken;
  // As it was decided then: the policy may have changed since.
  const same: Work = { ...work, target: targetOf(actionRun) };
  let check: Check;
  try {
    check = await action.check(same.target, before, options.deps);
  } catch (error) {
    return broken(same, taken, before, error);
  }
  if (check.kind === 'as-set') return finish(same, taken, check);
  if (check.kind === 'deleted') return endAsDeleted(taken, options, check.because);
  if (check.partial !== false) return perform(same, taken, before);
  const deleted = changed(
    taken,
    { status: 'superseded', lease: null },
    {
      at: options.deps.now().toISOString(),
      by: options.run,
      what: `Somebody else changed the resource meanwhile: ${check.differences.join('; ')}.`,
    },
  );
  return (await options.journal.save(deleted)) ? begin(work, deleted) : lostRace;
}

/**
 * Says of an action run that was interrupted how far it came, and writes nothing to the resource: what it was for has ended, or
 * something stands in its way now.
 * @returns `done` where all was written, else `partially completed`, for a person to undo or finish. Rejects as `carryOut` does.
 */
export async function verify(action: AnyAction, actionRun: ActionRun, options: RunOptions): Promise<Outcome> {
  const externalAccount = notOurs(actionRun.resource, options.accountRegion);
  if (externalAccount !== undefined) return { kind: 'skipped', because: externalAccount };
  const before = beforeIn(actionRun, action);
  const work: Work = { action, target: targetOf(actionRun), options };
  const taken = await takeLease(actionRun, options, {}, 'Looked at, after a run that was interrupted.');
  if ('kind' in taken) return taken;
  const check = await action.check(work.target, before, options.deps);
  return conclude(work, taken, check, 'A run was interrupted, and is not resumed.', undefined);
}

/** Writes until the check finds all as set. */
async function perform(work: Work, actionRun: ActionRun, before: unknown): Promise<Outcome> {
  const { action, target, options } = work;
  let check: Check;
  try {
    let round = 0;
    do {
      round += 1;
      await action.apply(target, before, options.deps);
      check = await settled(() => action.check(target, before, options.deps), options.deps);
    } while (check.kind === 'differs' && check.partial !== false && round < rounds);
  } catch (error) {
    return broken(work, actionRun, before, error);
  }
  return conclude(work, actionRun, check, 'It was written, and is not as set.', undefined);
}

/** What stands after an error; a call whose answer was lost may have done all there was to do. */
async function broken(work: Work, actionRun: ActionRun, before: unknown, error: unknown): Promise<Outcome> {
  const { action, target, options } = work;
  if (error instanceof UnderWay) {
    const kept = await release(actionRun, options, {}, `Still under way: ${error.message}`);
    return kept === undefined ? lostRace : { kind: 'under-way', actionRun: kept, because: error.message };
  }
  let check: Check;
  try {
    check = await action.check(target, before, options.deps);
  } catch (unreadable) {
    const differences = [`what stands can't be read: ${reasonOf(unreadable)}`];
    check = { kind: 'differs', differences };
  }
  return conclude(work, actionRun, check, whyBroken(error), error);
}

async function conclude(
  work: Work,
  actionRun: ActionRun,
  check: Check,
  because: string,
  cause: unknown,
): Promise<Outcome> {
  if (check.kind === 'as-set') return finish(work, actionRun, check);
  if (check.kind === 'deleted') return endAsDeleted(actionRun, work.options, check.because);
  const { differences } = check;
  const kept = await release(actionRun, work.options, {}, `Half-done. ${because} ${differences.join('; ')}`);
  return kept === undefined
    ? lostRace
    : { kind: 'partially-completed', actionRun: kept, because, differences, cause };
}

async function finish(
  { options }: Work,
  actionRun: ActionRun,
  { state = [] }: Extract<Check, { readonly kind: 'as-set' }>,
): Promise<Outcome> {
  const doneAt = options.deps.now().toISOString();
  const kept = await release(
    actionRun,
    options,
    { status: 'done', after: state, doneAt },
    'Done and verified.',
  );
  return kept === undefined ? lostRace : { kind: 'done', actionRun: kept };
}

/** The state before, of the action's own shape. Throws a `StateTableError` where it is of another. */
export function beforeIn(actionRun: ActionRun, action: AnyAction): unknown {
  const before = action.before.safeParse(actionRun.before);
  if (before.success) return before.data;
  throw new StateTableError(
    'unreadable',
    [actionRun.finding.id],
    `The state before ${someOf([nameOfActionRun(actionRun)])} can't be read: another version of Trailseal wrote it. Put right ` +
      'what it left by hand, or deploy the version that began it.',
    before.error,
  );
}
