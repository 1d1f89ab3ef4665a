/** A quarantine from its beginning to its undo, with the state before as the journal keeps it: as JSON. */
import type { ActionDeps, Check, Target, UnderWay } from '../../../../lib/core/action.ts';
import type { Before } from '../../../../lib/services/ec2/quarantine/before.ts';
import { quarantine } from '../../../../lib/services/ec2/quarantine/quarantine.ts';
import type { Settings } from '../../../../lib/services/ec2/quarantine/settings.ts';

/** What is there before. Throws when it is not to be done. */
export async function begin(target: Target<Settings>, deps: ActionDeps): Promise<Before> {
  const prepared = await quarantine.prepare(target, deps);
  if (prepared.kind !== 'ready') throw new Error(`${prepared.kind}: ${prepared.because}`);
  return quarantine.before.parse(JSON.parse(JSON.stringify(prepared.before)));
}

/** Why it is skipped. Throws when it is not. */
export async function skippedBecause(target: Target<Settings>, deps: ActionDeps): Promise<string> {
  const prepared = await quarantine.prepare(target, deps);
  if (prepared.kind !== 'skipped') throw new Error(`it is ${prepared.kind}`);
  return prepared.because;
}

export function restore(target: Target<Settings>, before: Before, deps: ActionDeps): Promise<void> {
  return undo.restore(target, before, deps);
}
export function restored(target: Target<Settings>, before: Before, deps: ActionDeps): Promise<Check> {
  return undo.restored(target, before, deps);
}

export const undo = restoring();

function restoring() {
  if (quarantine.undo.kind !== 'restores') throw new Error('a quarantine can be undone');
  return quarantine.undo;
}

/** The differences that a check names; none where all is as set. Throws when the instance was deleted. */
export function differencesIn(check: Check): readonly string[] {
  if (check.kind === 'deleted') throw new Error(check.because);
  return check.kind === 'as-set' ? [] : check.differences;
}

/** Calls a step again while AWS takes its time, as its engine does later. */
export async function again(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!isUnderWay(error)) throw error;
    }
  }
}

function isUnderWay(error: unknown): error is UnderWay {
  return error instanceof Error && error.name === 'UnderWay';
}
