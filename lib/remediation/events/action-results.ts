/** Which results of actions and undos are published on the bus, and as which events. Pure. */
import type { AnyAction } from '../../core/action.ts';
import type { Resource } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import type { NotificationTarget } from '../../policy/notifications.ts';
import { type ActionDecision, type ActionRun, nameOfActionRun, reversalText } from '../actions/action-run.ts';
import type { CarryOutResult } from '../actions/carry-out.ts';
import type { UndoResult } from '../actions/undo.ts';
import { type ActionEvent, actionEventOf } from './action-event.ts';

/** What a result is about. */
export interface EventContext {
  readonly finding: Pick<Finding, 'id' | 'control' | 'title' | 'severity'>;
  readonly resource: Resource;
  readonly definition: AnyAction;
  /** The time of events that have none of their own. */
  readonly at: Date;
  /** The deployment's name. */
  readonly stage: string;
  /** The targets that are notified; left out where all are. */
  readonly targets?: readonly NotificationTarget[] | undefined;
  /** Who decided; else it is as the action run says. */
  readonly decision?: ActionDecision;
  /** What the action was asked for by: distinguishes the events of one request from those of another. */
  readonly request: string;
}

/** The event of carrying out an action; `undefined` where nothing has changed since it was last reported. */
export function eventOfResult(result: CarryOutResult, context: EventContext): ActionEvent | undefined {
  const { finding, resource, definition } = context;
  switch (result.kind) {
    case 'done':
      return doneEvent(result.actionRun, context);
    case 'partially-completed':
      return actionEventOf(finding, resource, definition.id, {
        ...context,
        outcome: 'partially-completed',
        because: sentences(result.because, result.differences),
        actionRun: result.actionRun,
        id: `${nameOfActionRun(result.actionRun)} partially completed`,
      });
    case 'skipped':
      return skippedEvent(result.because, context);
    case 'already-done':
    case 'needless':
    case 'busy':
    case 'under-way':
    case 'deleted':
      return undefined;
  }
}

/** The event of an action run that is done. */
export function doneEvent(actionRun: ActionRun, context: EventContext): ActionEvent {
  return actionEventOf(context.finding, context.resource, actionRun.action, {
    ...context,
    outcome: 'done',
    because: actionRun.decision.reason,
    at: timeOf(actionRun.doneAt, context),
    actionRun,
    id: `${nameOfActionRun(actionRun)} done`,
  });
}

/** The event that somebody reverted an action run; `undefined` where nobody did. */
export function revertedEvent(actionRun: ActionRun, context: EventContext): ActionEvent | undefined {
  const { reversal } = actionRun;
  if (reversal === undefined) return undefined;
  const { definition: _, ...others } = context;
  return actionEventOf(context.finding, context.resource, actionRun.action, {
    // No command undoes what is not in place.
    ...others,
    outcome: 'reverted',
    because: reversalText(reversal),
    at: new Date(reversal.noticedAt),
    actionRun,
    reversal,
    id: `${nameOfActionRun(actionRun)} reverted`,
  });
}

/** The action run's own time, so that the same event is the same however often it is published. */
function timeOf(time: string | null, { at }: EventContext): Date {
  return time === null ? at : new Date(time);
}

/** The event of an action that is skipped. */
export function skippedEvent(because: string, context: EventContext): ActionEvent {
  return actionEventOf(context.finding, context.resource, context.definition.id, {
    ...context,
    outcome: 'skipped',
    because,
    id: `${context.request} skipped ${context.definition.id}`,
  });
}

/** The event of an undo; `undefined` while it has not ended. */
export function eventOfUndo(
  result: UndoResult,
  actionRun: ActionRun,
  context: EventContext,
): ActionEvent | undefined {
  const { finding, resource } = context;
  const name = nameOfActionRun(actionRun);
  const refused = (because: string): ActionEvent =>
    actionEventOf(finding, resource, actionRun.action, {
      ...context,
      outcome: 'undo-refused',
      because,
      id: `${context.request} undo-refused ${name}`,
    });
  switch (result.kind) {
    case 'undone':
    case 'already-undone':
      return actionEventOf(finding, resource, actionRun.action, {
        ...context,
        outcome: 'undone',
        at: timeOf(result.actionRun.undoneAt, context),
        because: result.actionRun.undo?.reason ?? '',
        actionRun: result.actionRun,
        id: `${name} undone`,
      });
    case 'partially-completed':
      return actionEventOf(finding, resource, actionRun.action, {
        ...context,
        outcome: 'partially-completed',
        because: sentences(result.because, result.differences),
        actionRun: result.actionRun,
        id: `${name} undo partially completed`,
      });
    case 'refused':
      return refused(sentences(result.because, result.differences));
    case 'command':
      return refused(`${result.because} To do it all the same, run: ${result.command}`);
    case 'impossible':
      return refused(`It can't be undone: ${result.because}`);
    case 'deleted':
      return refused(result.because);
    case 'skipped':
      return skippedEvent(result.because, context);
    case 'busy':
    case 'under-way':
      return undefined;
  }
}

function sentences(because: string, differences: readonly string[]): string {
  return differences.length === 0 ? because : `${because} Differences: ${differences.join('; ')}.`;
}
