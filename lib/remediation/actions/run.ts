/** What a run that carries out an action and one that takes it back have in common. */

import { reasonOf } from '../../aws/reason.ts';
import {
  type ActionId,
  type AnyAction,
  type Check,
  Halted,
  type Means,
  type Target,
} from '../../core/action.ts';
import { parseArn } from '../../core/arn.ts';
import type { Resource } from '../../core/control.ts';
import { changed, type Decision, type Deed, type DeedStatus, leaseOfOther } from './action-run.ts';
import type { Journal, Place } from './journal.ts';
import { sameName } from './same-name.ts';

export interface RunOptions {
  readonly journal: Journal;
  readonly means: Means;
  /** The deployment's own; nothing elsewhere is changed. */
  readonly place: Place;
  /** What this run is called, unlike any other. */
  readonly run: string;
  readonly decision: Decision;
  /**
   * Asked before the first write, and again before a broken-off run is gone on with: kill switch, limits, suppression,
   * whatever may stop it. `deed` is the same each time, so that it can be counted once.
   */
  readonly admit: (request: AdmissionRequest) => Promise<Admission>;
  /** How long the run has the deed for itself, in milliseconds; longer than it can take. */
  readonly leaseFor: number;
}

export interface AdmissionRequest {
  readonly action: ActionId;
  readonly resource: Resource;
  readonly finding: string;
  /** The deed's name, as `nameOfDeed` gives it. */
  readonly deed: string;
  readonly step: 'begin' | 'resume' | 'undo';
}

export type Admission =
  | { readonly admitted: true }
  /** A sentence for people. */
  | { readonly admitted: false; readonly because: string };

/** An action on a target, with the target's settings parsed. */
export interface Work {
  readonly action: AnyAction;
  readonly target: Target;
  readonly options: RunOptions;
}

/** Outcomes that a run and the undo of one share. */
export type Stopped =
  /** Nothing was written by this run; where there is a deed, it is as an earlier run left it. */
  | { readonly kind: 'withheld'; readonly because: string; readonly deed?: Deed }
  /** Another run is at it. */
  | { readonly kind: 'busy'; readonly because: string }
  /** AWS accepted it and needs more time: to be called again. */
  | { readonly kind: 'under-way'; readonly deed: Deed; readonly because: string }
  /** Not all is as it should be: to be called again, or looked at by a person. */
  | {
      readonly kind: 'half-done';
      readonly deed: Deed;
      readonly because: string;
      readonly differences: readonly string[];
      readonly cause: unknown;
    }
  | { readonly kind: 'gone'; readonly because: string };

/** Why a resource must not be changed from here, as a sentence; its ARN must tell the same as the rest of it. */
export function notOurs(resource: Resource, place: Place): string | undefined {
  const { id, arn, account, region } = resource;
  const named = parseArn(arn);
  const ours =
    account === place.account &&
    region === place.region &&
    named !== undefined &&
    // A snapshot's ARN names no account, and an account's no Region.
    (named.account === place.account || named.account === '') &&
    (named.region === place.region || named.region === '');
  if (!ours) {
    return `${id} is not of account ${place.account} and ${place.region}, and nothing else is changed from here.`;
  }
  return sameName(resource, named)
    ? undefined
    : `${id} is not what its ARN names (${arn}), and nobody knows which is meant.`;
}

/** The target of a deed, as it was when the deed was begun. */
export function targetOf({ resource, finding, settings }: Deed): Target {
  return { resource, finding, settings };
}

/** AWS shows a change only after a while: milliseconds before the second look, the third, … */
const delays = [500, 1_000, 2_000];

/** Looks until all is as set, or there were looks enough. Source: "Eventual consistency in the Amazon EC2 API". */
export async function settled(look: () => Promise<Check>, { wait }: Means): Promise<Check> {
  let check = await look();
  for (const delay of delays) {
    if (check.kind !== 'differs') return check;
    await wait(delay);
    check = await look();
  }
  return check;
}

/**
 * Takes the deed for this run.
 * @returns the deed with the lease, or why it can't be had.
 */
export async function takeLease(
  deed: Deed,
  { journal, means, run, leaseFor }: RunOptions,
  change: Partial<Pick<Deed, 'status' | 'undo'>>,
  what: string,
): Promise<Deed | Extract<Stopped, { readonly kind: 'busy' }>> {
  const now = means.now();
  const other = leaseOfOther(deed, run, now.getTime());
  if (other !== undefined) {
    const until = new Date(other.until).toISOString();
    return { kind: 'busy', because: `Another run is at it, and has it for itself until ${until}.` };
  }
  const lease = { owner: run, until: now.getTime() + leaseFor };
  const taken = changed(deed, { ...change, lease }, { at: now.toISOString(), by: run, what });
  return (await journal.save(taken)) ? taken : lostRace;
}

export const lostRace = {
  kind: 'busy',
  because: 'Another run began or went on with it at the same time.',
} as const;

/**
 * Writes how the run ended, and gives the deed back.
 * @returns the deed as it is kept; `undefined` when another run has taken it over, as this one took too long.
 */
export async function release(
  deed: Deed,
  { journal, means, run }: RunOptions,
  change: Partial<Pick<Deed, 'status' | 'after' | 'doneAt' | 'undoneAt'>>,
  what: string,
): Promise<Deed | undefined> {
  const at = means.now().toISOString();
  const ended = changed(deed, { ...change, lease: null }, { at, by: run, what });
  return (await journal.save(ended)) ? ended : undefined;
}

/** The resource has ended: nothing is left to be done, or undone. */
export async function endAsGone(deed: Deed, options: RunOptions, because: string): Promise<Stopped> {
  const status: DeedStatus = 'gone';
  const kept = await release(deed, options, { status }, `The resource is gone: ${because}`);
  return kept === undefined ? lostRace : { kind: 'gone', because };
}

/** Why a run was broken off, as a sentence. */
export function whyBroken(error: unknown): string {
  return error instanceof Halted ? error.message : `AWS did not do all of it: ${reasonOf(error)}.`;
}
