/**
 * Takes a deed back: restores what was there before, only where the resource still is as the deed left it, else says
 * what differs. It may be broken off anywhere and called again, and is in the journal like the deed itself.
 */
import { reasonOf } from '../../aws/reason.ts';
import { type AnyAction, type Check, UnderWay, type Undo } from '../../core/action.ts';
import { type Deed, nameOfDeed } from './action-run.ts';
import { beforeIn } from './carry-out.ts';
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

export type UndoOutcome =
  /** Everything is as it was before. */
  | { readonly kind: 'undone'; readonly deed: Deed }
  | { readonly kind: 'already-undone'; readonly deed: Deed }
  /** Not run: what a person who wants it runs. */
  | { readonly kind: 'command'; readonly command: string; readonly because: string }
  | { readonly kind: 'impossible'; readonly because: string }
  /** The resource is not as the deed left it: nothing was written. */
  | { readonly kind: 'refused'; readonly because: string; readonly differences: readonly string[] }
  | Stopped;

type Restoring = Extract<Undo<unknown>, { readonly kind: 'restores' }>;

interface Taking extends Work {
  readonly undo: Restoring;
  readonly before: unknown;
}

const rounds = 3;

/**
 * @param deed as the journal has it now.
 * @returns what came of it. Rejects as `carryOut` does.
 */
export async function undo(action: AnyAction, deed: Deed, options: RunOptions): Promise<UndoOutcome> {
  if (action.id !== deed.action) throw new TypeError(`${nameOfDeed(deed)} is no deed of ${action.id}`);
  const target = targetOf(deed);
  const stranger = notOurs(target.resource, options.place);
  if (stranger !== undefined) return { kind: 'withheld', because: stranger };
  if (deed.status === 'undone') return { kind: 'already-undone', deed };
  if (deed.status === 'gone') return { kind: 'gone', because: 'The resource is gone.' };
  if (deed.status === 'superseded') {
    return {
      kind: 'refused',
      because:
        deed.undo === null
          ? 'Somebody else changed the resource before it was done.'
          : 'Its undo was given up.',
      differences: deed.notes.slice(-1).map(({ what }) => what),
    };
  }
  const newest = await options.journal.latest(deed.finding.id, deed.action);
  if (newest !== undefined && newest.sequence > deed.sequence && stands(newest)) {
    // What is there is its work, and it is what knows how it was before.
    const because = `It was done again since, at ${newest.begunAt}: what was done then is to be undone first.`;
    return { kind: 'withheld', because, deed };
  }
  const before = beforeIn(deed, action);
  if (action.undo.kind === 'impossible') return action.undo;
  if (action.undo.kind === 'command') {
    const { because } = action.undo;
    return { kind: 'command', because, command: action.undo.command(target, before) };
  }
  return takeBack({ action, target, options, undo: action.undo, before }, deed);
}

/** Whether a deed has a hand in how the resource is. */
function stands({ status }: Deed): boolean {
  return status === 'begun' || status === 'done' || status === 'undoing';
}

async function takeBack(work: Taking, deed: Deed): Promise<UndoOutcome> {
  const { action, target, options, before, undo: restoring } = work;
  const { means, decision } = options;
  const isAsBefore = async () => (await restoring.restored(target, before, means)).kind === 'as-set';
  const check = await action.check(target, before, means);
  if (check.kind === 'differs' && !mayGoOn(deed, check) && !(await isAsBefore())) {
    if (deed.status === 'undoing' && decision.by === 'operator') return giveUp(deed, check, options);
    return { kind: 'refused', because: refusal(deed), differences: check.differences };
  }
  const admission = await options.admit({
    action: action.id,
    resource: target.resource,
    finding: target.finding.id,
    deed: nameOfDeed(deed),
    step: 'undo',
  });
  if (!admission.admitted) return { kind: 'withheld', because: admission.because, deed };
  const taken = await takeLease(
    deed,
    options,
    { status: 'undoing', undo: deed.undo ?? decision },
    `Undo begun: ${decision.why}`,
  );
  if ('kind' in taken) return taken;
  if (check.kind === 'gone') return endAsGone(taken, options, check.because);
  return restore(work, taken);
}

/**
 * An undo was broken off, and somebody else has changed the resource since: neither end can be brought about any more. So
 * that the deed is not in the way of all others for ever, an operator who asks once more ends it, and is told what stands.
 */
async function giveUp(
  deed: Deed,
  { differences }: Extract<Check, { readonly kind: 'differs' }>,
  options: RunOptions,
): Promise<UndoOutcome> {
  const because =
    'Its undo was broken off, and somebody else has changed the resource since: it is given up.';
  const taken = await takeLease(deed, options, {}, 'Looked at, after an undo that was broken off.');
  if ('kind' in taken) return taken;
  const undoneAt = options.means.now().toISOString();
  const what = `${because} ${differences.join('; ')}`;
  const kept = await release(taken, options, { status: 'superseded', undoneAt }, what);
  return kept === undefined ? lostRace : { kind: 'refused', because, differences };
}

/** Whether a resource that is not as set is so because of a run of ours, or an undo, that was broken off. */
function mayGoOn({ status }: Deed, { halfway }: Extract<Check, { readonly kind: 'differs' }>): boolean {
  if (status === 'undoing') return halfway !== false;
  return status === 'begun' && halfway === true;
}

function refusal({ status }: Deed): string {
  return status === 'done'
    ? 'The resource is not as it was left: somebody else has changed it.'
    : 'It is half-done, and whether somebody else has changed the resource meanwhile is unknown.';
}

async function restore(work: Taking, deed: Deed): Promise<UndoOutcome> {
  const { target, options, before, undo: restoring } = work;
  const { means } = options;
  let check: Check;
  try {
    let round = 0;
    do {
      round += 1;
      await restoring.restore(target, before, means);
      check = await settled(() => restoring.restored(target, before, means), means);
    } while (check.kind === 'differs' && round < rounds);
  } catch (error) {
    return broken(work, deed, error);
  }
  return conclude(work, deed, check, 'It was written, and is not as it was before.', undefined);
}

async function broken(work: Taking, deed: Deed, error: unknown): Promise<UndoOutcome> {
  const { target, options, before, undo: restoring } = work;
  if (error instanceof UnderWay) {
    const kept = await release(deed, options, {}, `The undo is still under way: ${error.message}`);
    return kept === undefined ? lostRace : { kind: 'under-way', deed: kept, because: error.message };
  }
  let check: Check;
  try {
    check = await restoring.restored(target, before, options.means);
  } catch (unreadable) {
    check = { kind: 'differs', differences: [`what stands can't be read: ${reasonOf(unreadable)}`] };
  }
  return conclude(work, deed, check, whyBroken(error), error);
}

async function conclude(
  { options }: Taking,
  deed: Deed,
  check: Check,
  because: string,
  cause: unknown,
): Promise<UndoOutcome> {
  if (check.kind === 'gone') return endAsGone(deed, options, check.because);
  if (check.kind === 'differs') {
    const { differences } = check;
    const what = `The undo is half-done. ${because} ${differences.join('; ')}`;
    const kept = await release(deed, options, {}, what);
    return kept === undefined ? lostRace : { kind: 'half-done', deed: kept, because, differences, cause };
  }
  const undoneAt = options.means.now().toISOString();
  const kept = await release(deed, options, { status: 'undone', undoneAt }, 'Undone and verified.');
  return kept === undefined ? lostRace : { kind: 'undone', deed: kept };
}
