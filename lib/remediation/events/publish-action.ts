/** What of the outcomes of actions is told on the bus. Pure. */
import type { AnyAction } from '../../core/action.ts';
import type { Outcome } from '../actions/carry-out.ts';
import { type Decision, type ActionRun, nameOfActionRun } from '../actions/action-run.ts';
import type { UndoOutcome } from '../actions/undo.ts';
import type { Resource } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import type { ActionEvent } from './action-event.ts';
import { about } from '../about.ts';

/** What an outcome is of. */
export interface Told {
  readonly finding: Pick<Finding, 'id' | 'control' | 'title' | 'severity'>;
  readonly resource: Resource;
  readonly definition: AnyAction;
  readonly at: Date;
  /** The deployment's name. */
  readonly stage: string;
  /** Who decided; else it is as the action run says. */
  readonly decision?: Decision;
  /** Tells the events of one occasion from those of another. */
  readonly occasion: string;
}

/** What of an outcome others should hear of: what is as it was is no news. */
export function toldOfOutcome(outcome: Outcome, told: Told): ActionEvent | undefined {
  const { finding, resource, definition } = told;
  switch (outcome.kind) {
    case 'done':
      return doneEvent(outcome.actionRun, told);
    case 'partially-completed':
      return about(finding, resource, definition.id, {
        ...told,
        outcome: 'partially-completed',
        because: sentences(outcome.because, outcome.differences),
        actionRun: outcome.actionRun,
        id: `${nameOfActionRun(outcome.actionRun)} partially completed`,
      });
    case 'skipped':
      return skippedEvent(outcome.because, told);
    case 'already-done':
    case 'needless':
    case 'busy':
    case 'under-way':
    case 'deleted':
      return undefined;
  }
}

export function doneEvent(actionRun: ActionRun, told: Told): ActionEvent {
  return about(told.finding, told.resource, actionRun.action, {
    ...told,
    outcome: 'done',
    because: actionRun.decision.why,
    at: timeOf(actionRun.doneAt, told),
    actionRun,
    id: `${nameOfActionRun(actionRun)} done`,
  });
}

/** The action run's own time, so that the same event is the same however often it is told. */
function timeOf(time: string | null, { at }: Told): Date {
  return time === null ? at : new Date(time);
}

export function skippedEvent(because: string, told: Told): ActionEvent {
  return about(told.finding, told.resource, told.definition.id, {
    ...told,
    outcome: 'skipped',
    because,
    id: `${told.occasion} skipped ${told.definition.id}`,
  });
}

/** What of the outcome of an undo others should hear of; `undefined` while it is not at its end. */
export function toldOfUndo(outcome: UndoOutcome, actionRun: ActionRun, told: Told): ActionEvent | undefined {
  const { finding, resource } = told;
  const name = nameOfActionRun(actionRun);
  const refused = (because: string): ActionEvent =>
    about(finding, resource, actionRun.action, {
      ...told,
      outcome: 'undo-refused',
      because,
      id: `${told.occasion} undo-refused ${name}`,
    });
  switch (outcome.kind) {
    case 'undone':
    case 'already-undone':
      return about(finding, resource, actionRun.action, {
        ...told,
        outcome: 'undone',
        at: timeOf(outcome.actionRun.undoneAt, told),
        because: outcome.actionRun.undo?.why ?? '',
        actionRun: outcome.actionRun,
        id: `${name} undone`,
      });
    case 'partially-completed':
      return about(finding, resource, actionRun.action, {
        ...told,
        outcome: 'partially-completed',
        because: sentences(outcome.because, outcome.differences),
        actionRun: outcome.actionRun,
        id: `${name} undo partially completed`,
      });
    case 'refused':
      return refused(sentences(outcome.because, outcome.differences));
    case 'command':
      return refused(`${outcome.because} Whoever wants it all the same runs: ${outcome.command}`);
    case 'impossible':
      return refused(`It can't be undone: ${outcome.because}`);
    case 'deleted':
      return refused(outcome.because);
    case 'skipped':
      return skippedEvent(outcome.because, told);
    case 'busy':
    case 'under-way':
      return undefined;
  }
}

function sentences(because: string, differences: readonly string[]): string {
  return `${because} ${differences.join('; ')}`.trim();
}
