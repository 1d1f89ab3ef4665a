/**
 * Whether what earlier runs did about an open failure is in place still, as AWS answers now: what the run history tells of
 * the past is no answer. What follows where somebody has reverted it, the policy says.
 */

import { reasonOf } from '../aws/reason.ts';
import type { ActionId, AnyAction } from '../core/action.ts';
import type { TrailEvent } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import { kindOf, type Policy, type ReversalResponse } from '../policy/model.ts';
import {
  type ActionRun,
  changed,
  type HintedCall,
  isSinceOpened,
  type Reversal,
  reversalText,
} from './actions/action-run.ts';
import { settled } from './actions/attempt.ts';
import { beforeIn, notOurs, targetOf } from './actions/run.ts';
import { definitionOf, type RemediationDeps } from './deps.ts';

/** How the newest run of an action stands that was done for a failure. */
export type Standing =
  | { readonly kind: 'in-place'; readonly actionRun: ActionRun }
  /** Somebody has reverted it since; `differences` are empty where that was recorded before. */
  | { readonly kind: 'reverted'; readonly actionRun: ActionRun; readonly differences: readonly string[] }
  /** AWS does not tell. `because`: a sentence. */
  | { readonly kind: 'unreadable'; readonly actionRun: ActionRun; readonly because: string };

export interface Standings {
  readonly byAction: ReadonlyMap<ActionId, Standing>;
  /** Every action run for the finding, in the order in which they were begun. */
  readonly actionRuns: readonly ActionRun[];
}

/**
 * Compares with AWS what was done for a failure since it was opened. Reads only. Rejects with a `StateTableError`; what AWS
 * does not answer is a standing of its own.
 * @returns nothing of an action that is not done, whose undo was begun, or whose resource was deleted.
 */
export async function standingsOf(deps: RemediationDeps, finding: Finding): Promise<Standings> {
  const actionRuns = await deps.history.of(finding.id);
  const newest = new Map(actionRuns.map((actionRun) => [actionRun.action, actionRun]));
  const byAction = new Map<ActionId, Standing>();
  for (const [action, actionRun] of newest) {
    const definition = definitionOf(deps, action);
    if (definition === undefined || !isSinceOpened(actionRun, finding)) continue;
    const standing = await standingOf(deps, definition, actionRun);
    if (standing !== undefined) byAction.set(action, standing);
  }
  return { byAction, actionRuns };
}

async function standingOf(
  { accountRegion, actionDeps }: RemediationDeps,
  definition: AnyAction,
  actionRun: ActionRun,
): Promise<Standing | undefined> {
  if (actionRun.status === 'reverted') return { kind: 'reverted', actionRun, differences: [] };
  if (actionRun.status !== 'done' || notOurs(actionRun.resource, accountRegion) !== undefined)
    return undefined;
  const before = beforeIn(actionRun, definition);
  try {
    const check = await settled(() => definition.check(targetOf(actionRun), before, actionDeps), actionDeps);
    if (check.kind === 'deleted') return undefined;
    return check.kind === 'as-set'
      ? { kind: 'in-place', actionRun }
      : { kind: 'reverted', actionRun, differences: check.differences };
  } catch (error) {
    const because = `Whether ${definition.id} of ${actionRun.resource.id} is in place still could not be read: ${reasonOf(error)}. It is not acted on until that is known.`;
    return { kind: 'unreadable', actionRun, because };
  }
}

/** What follows a reversal. */
export interface Consequence {
  readonly response: ReversalResponse;
  /** A sentence for people. */
  readonly reason: string;
}

/**
 * What the policy says for an action that somebody reverted.
 * @param actionRuns every action run for the finding, this one included.
 * @param prevented why the policy does not have it done now, as a sentence; `undefined` where it has.
 */
export function consequenceOf(
  { guardrails: { whenReverted } }: Pick<Policy, 'guardrails'>,
  actionRun: ActionRun,
  actionRuns: readonly ActionRun[],
  finding: Pick<Finding, 'openedAt'>,
  prevented: string | undefined,
): Consequence {
  const kind = kindOf(actionRun.action);
  const response = kind === undefined ? 'notify' : whenReverted[kind];
  const setting = `guardrails.whenReverted.${kind}`;
  if (response === 'leave') {
    return {
      response,
      reason: `The policy leaves it at that (${setting}: leave), and the finding stays open.`,
    };
  }
  if (response === 'notify') {
    return {
      response,
      reason: `The policy does not repeat it (${setting}: notify), and the finding stays open.`,
    };
  }
  if (prevented !== undefined) return { response, reason: `It is not repeated now: ${prevented}` };
  const { maxRepeats } = whenReverted;
  const repeats = repeatsIn(actionRun, actionRuns, finding);
  if (repeats >= maxRepeats) {
    const times = repeats === 1 ? 'once' : `${repeats} times`;
    const reason =
      maxRepeats === 0
        ? 'The policy allows no repeat (guardrails.whenReverted.maxRepeats: 0), and the finding stays open.'
        : `It was repeated ${times} for this failure, as often as the policy allows (guardrails.whenReverted.maxRepeats), ` +
          'and is not repeated any more: decide what should hold.';
    return { response: 'notify', reason };
  }
  return {
    response,
    reason: `The policy repeats it (${setting}: repeat), ${repeats + 1} of at most ${maxRepeats} times.`,
  };
}

/** How often an action was done again for this failure because somebody had reverted it. */
function repeatsIn(
  { action, sequence }: ActionRun,
  actionRuns: readonly ActionRun[],
  finding: Pick<Finding, 'openedAt'>,
): number {
  return actionRuns.filter(
    (each) =>
      each.action === action &&
      each.sequence < sequence &&
      each.status === 'reverted' &&
      isSinceOpened(each, finding),
  ).length;
}

/**
 * Records in the run history that somebody reverted an action run.
 * @returns the action run as it is stored; `undefined` where another run, or an undo, wrote it meanwhile.
 */
export async function recordReversal(
  { history, actionDeps, run }: RemediationDeps,
  actionRun: ActionRun,
  differences: readonly string[],
  call: HintedCall | undefined,
  { response, reason }: Consequence,
): Promise<(ActionRun & { readonly reversal: Reversal }) | undefined> {
  const noticedAt = actionDeps.now().toISOString();
  const reversal = { noticedAt, differences, call: call ?? null, consequence: reason, response };
  const text = reversalText(reversal);
  const noted = changed(actionRun, { status: 'reverted', reversal }, { at: noticedAt, actor: run, text });
  return (await history.save(noted)) ? { ...noted, reversal } : undefined;
}

/** An event as a hint. */
export function hintedCall({ eventName, id, actor, time }: TrailEvent): HintedCall {
  return {
    eventName,
    eventId: id ?? null,
    actor: actor.arn === 'unknown' ? actor.name : actor.arn,
    at: time === undefined ? null : new Date(time).toISOString(),
  };
}
