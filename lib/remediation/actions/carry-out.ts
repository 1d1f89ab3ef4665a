/**
 * Carries out an action on a resource so that it may be broken off anywhere and called again: the state before is in
 * the journal ahead of the first write, a broken-off run is gone on with from there and not prepared anew, and what
 * was done is verified. Of two runs at the same time one acts.
 */
import { reasonOf } from '../../aws/reason.ts';
import { type AnyAction, type Check, type Target, UnderWay } from '../../core/action.ts';
import { LedgerError, someOf } from '../../findings/state/error.ts';
import { changed, type Deed, nameOfDeed } from './action-run.ts';
import {
  endAsGone,
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
  | { readonly kind: 'done'; readonly deed: Deed }
  /** Done earlier, and the resource still is as it should be. */
  | { readonly kind: 'already-done'; readonly deed: Deed }
  /** The resource is as it should be, and nobody of us made it so. */
  | { readonly kind: 'needless'; readonly because: string }
  | Stopped;

/** So often it is written, where the check afterwards finds it not done. */
const rounds = 3;

/**
 * @returns what came of it; `half-done` also when AWS failed. Rejects where the journal can't be read or written
 *   (`LedgerError`), or AWS does not answer before anything was begun (what the SDK throws): the same may be called
 *   again.
 */
export async function carryOut(action: AnyAction, target: Target, options: RunOptions): Promise<Outcome> {
  const stranger = notOurs(target.resource, options.place);
  if (stranger !== undefined) return { kind: 'withheld', because: stranger };
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) {
    return { kind: 'withheld', because: `The policy's settings are none of ${action.id}.` };
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
): Promise<Extract<Outcome, { readonly kind: 'withheld' | 'needless' }> | undefined> {
  const settings = action.settings.safeParse(target.settings);
  if (!settings.success) return undefined;
  const work: Work = { action, target: { ...target, settings: settings.data }, options };
  const last = await options.journal.latest(target.finding.id, action.id);
  if (last?.status === 'begun') return undefined;
  const word = last === undefined ? undefined : wordAgainst(last, work);
  if (word !== undefined) return word;
  const prepared = await action.prepare(work.target, options.means);
  return prepared.kind === 'ready' ? undefined : prepared;
}

/** What an operator, or an undo that is half-done, has to say against it. */
function wordAgainst(
  last: Deed,
  work: Work,
): { readonly kind: 'withheld'; readonly because: string; readonly deed: Deed } | undefined {
  if (last.status === 'undoing') {
    return { kind: 'withheld', because: 'Its undo is half-done: finish that first.', deed: last };
  }
  if ((last.status !== 'undone' && last.status !== 'superseded') || !isOperatorsWord(last, work))
    return undefined;
  const because = `${last.undo?.name} undid it at ${last.undoneAt}, and the resource was not seen to pass since.`;
  return { kind: 'withheld', because, deed: last };
}

/**
 * Whether an operator took it back, or tried to, so that the policy may not do it again for the same failure: it is the
 * same until the resource was seen to pass. A finding that was only opened anew since may have been closed by the action.
 */
function isOperatorsWord({ undo, undoneAt }: Deed, { target: { finding }, options }: Work): boolean {
  if (undo?.by !== 'operator' || options.decision.by !== 'policy') return false;
  const since = Date.parse(undoneAt ?? '');
  const { history = [] } = finding;
  return !history.some(({ status, at }) => status !== 'OPEN' && Date.parse(at ?? '') > since);
}

/** @param last the deed before, which is ended. */
async function begin(work: Work, last: Deed | undefined): Promise<Outcome> {
  const { action, target, options } = work;
  const { journal, means, run, leaseFor, decision } = options;
  const prepared = await action.prepare(target, means);
  if (prepared.kind === 'withheld') return prepared;
  if (prepared.kind === 'needless') {
    return last?.status === 'done' ? { kind: 'already-done', deed: last } : prepared;
  }
  // As it comes back from the journal: what a later run could not read stops this one before it writes.
  const before = action.before.parse(JSON.parse(JSON.stringify(prepared.before)));
  const { tags: _tags, ...resource } = target.resource;
  const { id, control, title, severity, openedAt } = target.finding;
  const now = means.now();
  const begunAt = now.toISOString();
  const deed: Deed = {
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
    deed: nameOfDeed(deed),
    step: 'begin',
  });
  if (!admission.admitted) return { kind: 'withheld', because: admission.because };
  if (!(await journal.begin(deed))) return lostRace;
  return perform(work, deed, before);
}

async function resume(work: Work, deed: Deed): Promise<Outcome> {
  const { action, options } = work;
  const before = beforeIn(deed, action);
  const { resource, finding } = deed;
  const admission = await options.admit({
    action: action.id,
    resource,
    finding: finding.id,
    deed: nameOfDeed(deed),
    step: 'resume',
  });
  if (!admission.admitted) return { kind: 'withheld', because: admission.because, deed };
  const taken = await takeLease(deed, options, {}, 'Gone on with, after a run that was broken off.');
  if ('kind' in taken) return taken;
  // As it was decided then: the policy may have changed since.
  const same: Work = { ...work, target: targetOf(deed) };
  let check: Check;
  try {
    check = await action.check(same.target, before, options.means);
  } catch (error) {
    return broken(same, taken, before, error);
  }
  if (check.kind === 'as-set') return finish(same, taken, check);
  if (check.kind === 'gone') return endAsGone(taken, options, check.because);
  if (check.halfway !== false) return perform(same, taken, before);
  const ended = changed(
    taken,
    { status: 'superseded', lease: null },
    {
      at: options.means.now().toISOString(),
      by: options.run,
      what: `Somebody else changed the resource meanwhile: ${check.differences.join('; ')}.`,
    },
  );
  return (await options.journal.save(ended)) ? begin(work, ended) : lostRace;
}

/**
 * Says of a deed that was broken off how far it came, and writes nothing to the resource: what it was for has ended, or
 * something stands in its way now.
 * @returns `done` where all was written, else `half-done`, for a person to undo or finish. Rejects as `carryOut` does.
 */
export async function verify(action: AnyAction, deed: Deed, options: RunOptions): Promise<Outcome> {
  const stranger = notOurs(deed.resource, options.place);
  if (stranger !== undefined) return { kind: 'withheld', because: stranger };
  const before = beforeIn(deed, action);
  const work: Work = { action, target: targetOf(deed), options };
  const taken = await takeLease(deed, options, {}, 'Looked at, after a run that was broken off.');
  if ('kind' in taken) return taken;
  const check = await action.check(work.target, before, options.means);
  return conclude(work, taken, check, 'A run was broken off, and is not gone on with.', undefined);
}

/** Writes until the check finds all as set. */
async function perform(work: Work, deed: Deed, before: unknown): Promise<Outcome> {
  const { action, target, options } = work;
  let check: Check;
  try {
    let round = 0;
    do {
      round += 1;
      await action.apply(target, before, options.means);
      check = await settled(() => action.check(target, before, options.means), options.means);
    } while (check.kind === 'differs' && check.halfway !== false && round < rounds);
  } catch (error) {
    return broken(work, deed, before, error);
  }
  return conclude(work, deed, check, 'It was written, and is not as set.', undefined);
}

/** What stands after an error; a call whose answer was lost may have done all there was to do. */
async function broken(work: Work, deed: Deed, before: unknown, error: unknown): Promise<Outcome> {
  const { action, target, options } = work;
  if (error instanceof UnderWay) {
    const kept = await release(deed, options, {}, `Still under way: ${error.message}`);
    return kept === undefined ? lostRace : { kind: 'under-way', deed: kept, because: error.message };
  }
  let check: Check;
  try {
    check = await action.check(target, before, options.means);
  } catch (unreadable) {
    const differences = [`what stands can't be read: ${reasonOf(unreadable)}`];
    check = { kind: 'differs', differences };
  }
  return conclude(work, deed, check, whyBroken(error), error);
}

async function conclude(
  work: Work,
  deed: Deed,
  check: Check,
  because: string,
  cause: unknown,
): Promise<Outcome> {
  if (check.kind === 'as-set') return finish(work, deed, check);
  if (check.kind === 'gone') return endAsGone(deed, work.options, check.because);
  const { differences } = check;
  const kept = await release(deed, work.options, {}, `Half-done. ${because} ${differences.join('; ')}`);
  return kept === undefined ? lostRace : { kind: 'half-done', deed: kept, because, differences, cause };
}

async function finish(
  { options }: Work,
  deed: Deed,
  { state = [] }: Extract<Check, { readonly kind: 'as-set' }>,
): Promise<Outcome> {
  const doneAt = options.means.now().toISOString();
  const kept = await release(deed, options, { status: 'done', after: state, doneAt }, 'Done and verified.');
  return kept === undefined ? lostRace : { kind: 'done', deed: kept };
}

/** The state before, of the action's own shape. Throws a `LedgerError` where it is of another. */
export function beforeIn(deed: Deed, action: AnyAction): unknown {
  const before = action.before.safeParse(deed.before);
  if (before.success) return before.data;
  throw new LedgerError(
    'unreadable',
    [deed.finding.id],
    `The state before ${someOf([nameOfDeed(deed)])} can't be read: another version of Trailseal wrote it. Put right ` +
      'what it left by hand, or deploy the version that began it.',
    before.error,
  );
}
