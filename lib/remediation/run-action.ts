/** Running one action, or its undo, for a message: what admits it, and which event comes of it. */

import { type ActionId, type AnyAction, Halted, type Target } from '../core/action.ts';
import type { Control, Resource } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import { named } from '../findings/state/bounds.ts';
import { principalOf } from '../policy/decide/budgets.ts';
import { type ActionKind, kindOf, type Policy } from '../policy/model.ts';
import { type NotificationTarget, targetsOf } from '../policy/notifications.ts';
import type { ActionRequest } from './action-request.ts';
import type { ActionDecision } from './actions/action-run.ts';
import { type CarryOutResult, carryOut, foresee } from './actions/carry-out.ts';
import type { LimitedRun, RunAdmission, RunAdmissionRequest, RunOptions, RunRefusal } from './actions/run.ts';
import type { UndoResult } from './actions/undo.ts';
import { leaseFor, type RemediationDeps, type StepResult } from './deps.ts';
import type { FailingResource } from './evaluate.ts';
import type { ActionEvent } from './events/action-event.ts';
import { type EventContext, eventOfResult } from './events/action-results.ts';
import type { KillSwitch } from './kill-switch.ts';

/**
 * Carries out an action.
 * @param request that it is done for; `undefined` where the policy itself asks for it. Who requested it gets an answer
 *   in any case that is an end.
 * @returns the event, if any, whether the message should be handled again, and when the action is to be tried again where
 *   it waits for budget. Rejects as `carryOut` does.
 */
export async function runAction(
  deps: RemediationDeps,
  definition: AnyAction,
  { finding, resource, control }: FailingResource,
  decision: ActionDecision,
  request: ActionRequest | undefined,
): Promise<Omit<StepResult, 'because'> & { readonly due: Date | undefined }> {
  const target = targetFor(deps, definition.id, { finding, resource, control });
  const result = await carryOut(definition, target, runOptionsOf(deps, decision, finding));
  const context: EventContext = {
    ...eventContextOf(deps, finding, resource, definition),
    ...(request === undefined ? {} : { decision, request: request.id }),
  };
  const again =
    result.kind === 'under-way' || result.kind === 'partially-completed' || result.kind === 'busy';
  const isAnswer = request !== undefined && !again && 'because' in result;
  const event =
    eventOfResult(result, context) ??
    (isAnswer ? eventOfResult({ kind: 'skipped', because: result.because }, context) : undefined);
  return {
    events: event === undefined ? [] : [event],
    again,
    ...interruptionIn(result, finding),
    ran: [definition.id],
    due: limitedIn(result)?.due,
  };
}

/**
 * What would come of the action now, where nothing would be begun: the event of that, if any.
 * @returns `undefined` where it would begin. Rejects as `foresee` does.
 */
export async function foreseeAction(
  deps: RemediationDeps,
  definition: AnyAction,
  { finding, resource, control }: FailingResource,
  decision: ActionDecision,
): Promise<{ readonly event: ActionEvent | undefined } | undefined> {
  const target = targetFor(deps, definition.id, { finding, resource, control });
  const result = await foresee(definition, target, runOptionsOf(deps, decision, finding));
  if (result === undefined) return undefined;
  return { event: eventOfResult(result, eventContextOf(deps, finding, resource, definition)) };
}

/** What events about an action of the policy say besides its result. */
export function eventContextOf(
  { stage, actionDeps, policy }: RemediationDeps,
  finding: Finding,
  resource: Resource,
  definition: AnyAction,
): EventContext {
  const targets = eventTargets(policy, finding);
  return { finding, resource, definition, stage, at: actionDeps.now(), request: openingOf(finding), targets };
}

/** Whom the policy notifies of actions about a finding; `undefined` where it does not choose. */
export function eventTargets(
  { notifications }: Pick<Policy, 'notifications'>,
  { control, severity, verdict }: Pick<Finding, 'control' | 'severity' | 'verdict'>,
): readonly NotificationTarget[] | undefined {
  return notifications === undefined ? undefined : targetsOf(notifications, { control, severity, verdict });
}

/** The finding as it was opened last. */
export function openingOf({ id, openedAt }: Finding): string {
  return `${id}@${openedAt}`;
}

/** What a result tells about its run: whether AWS left it without an answer, and whether it had budget. */
export function interruptionIn(
  result: CarryOutResult | UndoResult,
  { severity }: Pick<Finding, 'severity'>,
): Pick<StepResult, 'unanswered' | 'breakersOpened' | 'criticalWithoutBudget'> {
  const cause = 'cause' in result ? result.cause : undefined;
  const refusal = result.kind === 'skipped' ? result.refusal : undefined;
  const limited = limitedIn(result);
  return {
    unanswered: refusal?.unanswered ?? (cause instanceof Halted && cause.unanswered),
    breakersOpened: limited?.breakerOpened === true ? 1 : 0,
    criticalWithoutBudget: limited !== undefined && severity === 'CRITICAL' ? 1 : 0,
  };
}

function limitedIn(result: CarryOutResult | UndoResult): LimitedRun | undefined {
  return result.kind === 'skipped' ? result.refusal?.limited : undefined;
}

/** What runs of actions need. @param decision who decided on this one. @param finding as the state table has it. */
export function runOptionsOf(deps: RemediationDeps, decision: ActionDecision, finding: Finding): RunOptions {
  const { history, actionDeps, accountRegion, run } = deps;
  return {
    history,
    deps: { ...actionDeps, wait: (milliseconds) => waitUnlessStopped(deps, milliseconds) },
    accountRegion,
    run,
    decision,
    leaseFor,
    admit: (request) => admit(deps, request, decision, finding),
  };
}

/** Actions may wait for minutes between two writes: the kill switch may have been engaged by then. */
async function waitUnlessStopped(deps: RemediationDeps, milliseconds: number): Promise<void> {
  await deps.actionDeps.wait(milliseconds);
  const stop = stopBy(await deps.killSwitch());
  if (stop !== undefined) throw new Halted(stop.because, stop.unanswered);
}

/**
 * Asked last, just before the first write: by then the kill switch may have been engaged, or the limit reached.
 * Rejects with a `StateTableError` where the limit can't be counted.
 */
async function admit(
  deps: RemediationDeps,
  { action, resource, actionRunName, step }: RunAdmissionRequest,
  decision: ActionDecision,
  { id, severity, actor }: Finding,
): Promise<RunAdmission> {
  const stop = stopBy(await deps.killSwitch());
  if (stop !== undefined) return stop;
  const kind = kindOf(action);
  // An undo, and what was begun before, never exceed a limit.
  if (kind === undefined || step !== 'begin') return { admitted: true };
  const { status, unanswered = false } = await deps.workflow(id);
  if (status === 'SUPPRESSED' || status === 'unreadable') {
    return {
      admitted: false,
      because: 'The finding was suppressed in Security Hub, or that could not be read.',
      unanswered,
    };
  }
  const limits = deps.policy.guardrails.actionsPerHour[kind];
  const { account, region } = resource;
  const byPolicy = decision.actor === 'policy';
  const answer = await deps.limiter.admit(kind, limits, {
    name: actionRunName,
    account,
    region,
    finding: id,
    severity,
    actor: byPolicy ? named(principalOf(actor), longestPrincipal) : undefined,
    mayWait: byPolicy,
  });
  if (answer.admitted) return { admitted: true };
  const { due, opened } = answer;
  return {
    admitted: false,
    because: `${answer.because} ${nextTryText(deps, kind, byPolicy, due)}`,
    limited: { breakerOpened: opened, due: due === undefined ? undefined : new Date(due) },
  };
}

/** When what has no budget is tried again, and how to hasten or stop it: one or two sentences. */
function nextTryText(
  { stage, accountRegion: { region } }: RemediationDeps,
  kind: ActionKind,
  byPolicy: boolean,
  due: number | undefined,
): string {
  const reset = `"trailseal breaker reset ${kind} --stage ${stage} --region ${region}"`;
  if (!byPolicy) return `Request it again when there is budget, or after ${reset}.`;
  const when =
    due === undefined
      ? 'The next scheduled scan tries it again.'
      : `It is tried again by itself at ${new Date(due).toISOString()}.`;
  return `${when} To hasten it: ${reset}; to stop it, exempt the resource or suppress the finding in Security Hub.`;
}

/** In bytes: a role's ARN has less, unless its name and path are exceptionally long. */
const longestPrincipal = 200;

/** Why the kill switch stops all writes; `undefined` while it is disengaged. */
function stopBy({ state, because, unanswered = false }: KillSwitch): RunRefusal | undefined {
  if (state === 'disengaged') return undefined;
  const reason =
    because === undefined
      ? 'The kill switch is engaged.'
      : `The kill switch could not be read, which stops everything: ${because}.`;
  return { admitted: false, because: reason, unanswered };
}

function targetFor(
  { policy }: RemediationDeps,
  action: ActionId,
  {
    finding,
    resource,
    control,
  }: { readonly finding: Finding; readonly resource: Resource; readonly control: Control },
): Target {
  // The settings of a fix are those of its control.
  const settings =
    kindOf(action) === 'fix' ? policy.controls.get(control.id)?.settings : policy.actions[action];
  return { resource, finding, settings };
}
