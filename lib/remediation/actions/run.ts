/** What a run that carries out an action and one that takes it back have in common. */

import { reasonOf } from '../../aws/reason.ts';
import type { AccountRegion } from '../../core/account-region.ts';
import {
  type ActionDeps,
  type ActionId,
  type AnyAction,
  type Check,
  Halted,
  type Target,
} from '../../core/action.ts';
import { parseArn } from '../../core/arn.ts';
import type { Resource } from '../../core/control.ts';
import { type ActionRun, type ActionRunStatus, changed, type Decision, leaseOfOther } from './action-run.ts';
import type { Journal } from './journal.ts';
import { sameName } from './same-name.ts';

export interface RunOptions {
  readonly journal: Journal;
  readonly deps: ActionDeps;
  /** The deployment's own; nothing elsewhere is changed. */
  readonly accountRegion: AccountRegion;
  /** What this run is called, unlike any other. */
  readonly run: string;
  readonly decision: Decision;
  /**
   * Asked before the first write, and again before a interrupted run is resumed: kill switch, limits, suppression,
   * whatever may stop it. `action run` is the same each time, so that it can be counted once.
   */
  readonly admit: (request: AdmissionRequest) => Promise<Admission>;
  /** How long the run has the action run for itself, in milliseconds; longer than it can take. */
  readonly leaseFor: number;
}

export interface AdmissionRequest {
  readonly action: ActionId;
  readonly resource: Resource;
  readonly finding: string;
  /** The action run's name, as `nameOfActionRun` gives it. */
  readonly actionRun: string;
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
  /** Nothing was written by this run; where there is an action run, it is as an earlier run left it. */
  | { readonly kind: 'skipped'; readonly because: string; readonly actionRun?: ActionRun }
  /** Another run is at it. */
  | { readonly kind: 'busy'; readonly because: string }
  /** AWS accepted it and needs more time: to be called again. */
  | { readonly kind: 'under-way'; readonly actionRun: ActionRun; readonly because: string }
  /** Not all is as it should be: to be called again, or looked at by a person. */
  | {
      readonly kind: 'partially-completed';
      readonly actionRun: ActionRun;
      readonly because: string;
      readonly differences: readonly string[];
      readonly cause: unknown;
    }
  | { readonly kind: 'deleted'; readonly because: string };

/** Why a resource must not be changed from here, as a sentence; its ARN must tell the same as the rest of it. */
export function notOurs(resource: Resource, accountRegion: AccountRegion): string | undefined {
  const { id, arn, account, region } = resource;
  const named = parseArn(arn);
  const ours =
    account === accountRegion.account &&
    region === accountRegion.region &&
    named !== undefined &&
    // A snapshot's ARN names no account, and an account's no Region.
    (named.account === accountRegion.account || named.account === '') &&
    (named.region === accountRegion.region || named.region === '');
  if (!ours) {
    return `${id} is not of account ${accountRegion.account} and ${accountRegion.region}, and nothing else is changed from here.`;
  }
  return sameName(resource, named)
    ? undefined
    : `${id} is not what its ARN names (${arn}), and nobody knows which is meant.`;
}

/** The target of an action run, as it was when the action run was begun. */
export function targetOf({ resource, finding, settings }: ActionRun): Target {
  return { resource, finding, settings };
}

/** AWS shows a change only after a while: milliseconds before the second look, the third, … */
const delays = [500, 1_000, 2_000];

/** Looks until all is as set, or there were looks enough. Source: "Eventual consistency in the Amazon EC2 API". */
export async function settled(look: () => Promise<Check>, { wait }: ActionDeps): Promise<Check> {
  let check = await look();
  for (const delay of delays) {
    if (check.kind !== 'differs') return check;
    await wait(delay);
    check = await look();
  }
  return check;
}

/**
 * Takes the action run for this run.
 * @returns the action run with the lease, or why it can't be had.
 */
export async function takeLease(
  actionRun: ActionRun,
  { journal, deps, run, leaseFor }: RunOptions,
  change: Partial<Pick<ActionRun, 'status' | 'undo'>>,
  what: string,
): Promise<ActionRun | Extract<Stopped, { readonly kind: 'busy' }>> {
  const now = deps.now();
  const other = leaseOfOther(actionRun, run, now.getTime());
  if (other !== undefined) {
    const until = new Date(other.until).toISOString();
    return { kind: 'busy', because: `Another run is at it, and has it for itself until ${until}.` };
  }
  const lease = { owner: run, until: now.getTime() + leaseFor };
  const taken = changed(actionRun, { ...change, lease }, { at: now.toISOString(), by: run, what });
  return (await journal.save(taken)) ? taken : lostRace;
}

export const lostRace = {
  kind: 'busy',
  because: 'Another run began or went on with it at the same time.',
} as const;

/**
 * Writes how the run ended, and gives the action run back.
 * @returns the action run as it is kept; `undefined` when another run has taken it over, as this one took too long.
 */
export async function release(
  actionRun: ActionRun,
  { journal, deps, run }: RunOptions,
  change: Partial<Pick<ActionRun, 'status' | 'after' | 'doneAt' | 'undoneAt'>>,
  what: string,
): Promise<ActionRun | undefined> {
  const at = deps.now().toISOString();
  const deleted = changed(actionRun, { ...change, lease: null }, { at, by: run, what });
  return (await journal.save(deleted)) ? deleted : undefined;
}

/** The resource has ended: nothing is left to be done, or undone. */
export async function endAsDeleted(
  actionRun: ActionRun,
  options: RunOptions,
  because: string,
): Promise<Stopped> {
  const status: ActionRunStatus = 'deleted';
  const kept = await release(actionRun, options, { status }, `The resource was deleted: ${because}`);
  return kept === undefined ? lostRace : { kind: 'deleted', because };
}

/** Why a run was interrupted, as a sentence. */
export function whyBroken(error: unknown): string {
  return error instanceof Halted ? error.message : `AWS did not do all of it: ${reasonOf(error)}.`;
}
