/** What carrying out an action and undoing one have in common: their input, their leases, and how they stop. */

import type { AccountRegion } from '../../core/account-region.ts';
import type { ActionDeps, ActionId, AnyAction, Target } from '../../core/action.ts';
import { parseArn } from '../../core/arn.ts';
import type { Resource } from '../../core/control.ts';
import { StateTableError, someOf } from '../../findings/state/error.ts';
import { sameName } from '../../services/same-name.ts';
import {
  type ActionDecision,
  type ActionRun,
  changed,
  leaseOfOther,
  nameOfActionRun,
  type RunHistory,
} from './action-run.ts';

/** What a run needs besides the action and its target. */
export interface RunOptions {
  readonly history: RunHistory;
  readonly deps: ActionDeps;
  /** Where the deployment may change resources; it changes none elsewhere. */
  readonly accountRegion: AccountRegion;
  /** The name of this run, unlike any other. */
  readonly run: string;
  readonly decision: ActionDecision;
  /** Asked before the first write, and again before an interrupted run is resumed: kill switch, limits, suppression. */
  readonly admit: (request: RunAdmissionRequest) => Promise<RunAdmission>;
  /** How long the run has the sole right to the action run, in milliseconds; longer than it can take. */
  readonly leaseFor: number;
}

export interface RunAdmissionRequest {
  readonly action: ActionId;
  readonly resource: Resource;
  /** The finding's id. */
  readonly finding: string;
  /** As `nameOfActionRun` gives it: the same each time, so that the action run is counted once. */
  readonly actionRunName: string;
  readonly step: 'begin' | 'resume' | 'undo';
}

export type RunAdmission = { readonly admitted: true } | RunRefusal;

/** Nothing may be written. */
export interface RunRefusal {
  readonly admitted: false;
  /** A sentence for people. */
  readonly because: string;
  /** Whether AWS did not answer what had to be known, and may in a while. */
  readonly unanswered?: boolean;
  /** Where a limit or a circuit breaker stops it. */
  readonly limited?: LimitedRun;
}

/** An action run that has no budget. */
export interface LimitedRun {
  /** Whether this request opened a circuit breaker. */
  readonly breakerOpened: boolean;
  /** When it is to be tried again; `undefined` where it does not wait. */
  readonly due: Date | undefined;
}

/** An action on a target, with the target's settings parsed. */
export interface RunInput {
  readonly action: AnyAction;
  readonly target: Target;
  readonly options: RunOptions;
}

/** Results that carrying out an action and undoing one share. */
export type StoppedResult =
  /**
   * This run wrote nothing; where there is an action run, it is as an earlier run left it. `refusal`: where the run was
   * not admitted.
   */
  | {
      readonly kind: 'skipped';
      readonly because: string;
      readonly actionRun?: ActionRun;
      readonly refusal?: RunRefusal;
    }
  /** Another run works on it. */
  | { readonly kind: 'busy'; readonly because: string }
  /** AWS accepted it and needs more time: to be called again. */
  | { readonly kind: 'under-way'; readonly actionRun: ActionRun; readonly because: string }
  /** Not all is as it should be: to be called again, or checked by a person. `cause`: the error that interrupted it. */
  | {
      readonly kind: 'partially-completed';
      readonly actionRun: ActionRun;
      readonly because: string;
      readonly differences: readonly string[];
      readonly cause: unknown;
    }
  /** `cause`: the error after which the resource was found to be deleted. */
  | { readonly kind: 'deleted'; readonly because: string; readonly cause?: unknown };

/** Another run wrote the action run at the same time. */
export const lostRace = {
  kind: 'busy',
  because: 'Another run began or resumed it at the same time.',
} as const;

/** A run that was not admitted. */
export function refused(
  refusal: RunRefusal,
  actionRun?: ActionRun,
): Extract<StoppedResult, { readonly kind: 'skipped' }> {
  const { because } = refusal;
  return { kind: 'skipped', because, refusal, ...(actionRun === undefined ? {} : { actionRun }) };
}

/**
 * Why a resource must not be changed from here, as a sentence; its ARN must say the same as its other members.
 * @returns `undefined` where it may.
 */
export function notOurs(resource: Resource, accountRegion: AccountRegion): string | undefined {
  const { id, arn, account, region } = resource;
  const named = arn === undefined ? accountRegion : parseArn(arn);
  const ours =
    account === accountRegion.account &&
    region === accountRegion.region &&
    named !== undefined &&
    // A snapshot's ARN names no account, and an account's no Region.
    (named.account === accountRegion.account || named.account === '') &&
    (named.region === accountRegion.region || named.region === '');
  if (!ours) {
    return `${id} is not in account ${accountRegion.account} and Region ${accountRegion.region}, and nothing else is changed from here.`;
  }
  return sameName(resource)
    ? undefined
    : `${id} is not what its ARN names (${arn ?? 'it has none'}), and which of the two is meant is unknown.`;
}

/** The target of an action run, as it was when the action run was begun. */
export function targetOf({ resource, finding, settings }: ActionRun): Target {
  return { resource, finding, settings };
}

/** The state before, of the action's own shape. Throws a `StateTableError` where it is of another. */
export function beforeIn(actionRun: ActionRun, action: AnyAction): unknown {
  const before = action.before.safeParse(actionRun.before);
  if (before.success) return before.data;
  throw new StateTableError(
    'unreadable',
    [actionRun.finding.id],
    `The state before ${someOf([nameOfActionRun(actionRun)])} can't be read: another version of Trailseal wrote it. Restore ` +
      'the resource by hand, or deploy the version that began it.',
    before.error,
  );
}

/**
 * Gives this run the sole right to the action run.
 * @param text the note of it, one or more sentences.
 * @returns the action run with the lease, or why it can't be had.
 */
export async function takeLease(
  actionRun: ActionRun,
  { history, deps, run, leaseFor }: RunOptions,
  change: Partial<Pick<ActionRun, 'status' | 'undo'>>,
  text: string,
): Promise<
  | { readonly kind: 'leased'; readonly actionRun: ActionRun }
  | Extract<StoppedResult, { readonly kind: 'busy' }>
> {
  const now = deps.now();
  const other = leaseOfOther(actionRun, run, now.getTime());
  if (other !== undefined) {
    const until = new Date(other.until).toISOString();
    return { kind: 'busy', because: `Another run works on it, and has the sole right to it until ${until}.` };
  }
  const lease = { owner: run, until: now.getTime() + leaseFor };
  const taken = changed(actionRun, { ...change, lease }, { at: now.toISOString(), actor: run, text });
  return (await history.save(taken)) ? { kind: 'leased', actionRun: taken } : lostRace;
}

/**
 * Writes how the run ended, and gives up its lease.
 * @param text the note of it, one or more sentences.
 * @returns the action run as it is stored; `undefined` when another run has taken it over, as this one took too long.
 */
export async function release(
  actionRun: ActionRun,
  { history, deps, run }: RunOptions,
  change: Partial<Pick<ActionRun, 'status' | 'after' | 'doneAt' | 'undoneAt'>>,
  text: string,
): Promise<ActionRun | undefined> {
  const at = deps.now().toISOString();
  const released = changed(actionRun, { ...change, lease: null }, { at, actor: run, text });
  return (await history.save(released)) ? released : undefined;
}

/** The resource was deleted: nothing is left to be done, or undone. */
export async function endAsDeleted(
  actionRun: ActionRun,
  options: RunOptions,
  because: string,
  cause?: unknown,
): Promise<StoppedResult> {
  const text = `The resource was deleted: ${because}`;
  const stored = await release(actionRun, options, { status: 'deleted' }, text);
  return stored === undefined ? lostRace : { kind: 'deleted', because, cause };
}
