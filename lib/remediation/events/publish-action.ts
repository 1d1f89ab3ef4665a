/** What of the outcomes of actions is told on the bus. Pure. */
import type { AnyAction } from '../../core/action.ts';
import type { Outcome } from '../actions/carry-out.ts';
import { type Decision, type Deed, nameOfDeed } from '../actions/action-run.ts';
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
  /** Who decided; else it is as the deed says. */
  readonly decision?: Decision;
  /** Tells the events of one occasion from those of another. */
  readonly occasion: string;
}

/** What of an outcome others should hear of: what is as it was is no news. */
export function toldOfOutcome(outcome: Outcome, told: Told): ActionEvent | undefined {
  const { finding, resource, definition } = told;
  switch (outcome.kind) {
    case 'done':
      return doneEvent(outcome.deed, told);
    case 'half-done':
      return about(finding, resource, definition.id, {
        ...told,
        outcome: 'half-done',
        because: sentences(outcome.because, outcome.differences),
        deed: outcome.deed,
        id: `${nameOfDeed(outcome.deed)} half-done`,
      });
    case 'withheld':
      return withheldEvent(outcome.because, told);
    case 'already-done':
    case 'needless':
    case 'busy':
    case 'under-way':
    case 'gone':
      return undefined;
  }
}

export function doneEvent(deed: Deed, told: Told): ActionEvent {
  return about(told.finding, told.resource, deed.action, {
    ...told,
    outcome: 'done',
    because: deed.decision.why,
    at: timeOf(deed.doneAt, told),
    deed,
    id: `${nameOfDeed(deed)} done`,
  });
}

/** The deed's own time, so that the same event is the same however often it is told. */
function timeOf(time: string | null, { at }: Told): Date {
  return time === null ? at : new Date(time);
}

export function withheldEvent(because: string, told: Told): ActionEvent {
  return about(told.finding, told.resource, told.definition.id, {
    ...told,
    outcome: 'withheld',
    because,
    id: `${told.occasion} withheld ${told.definition.id}`,
  });
}

/** What of the outcome of an undo others should hear of; `undefined` while it is not at its end. */
export function toldOfUndo(outcome: UndoOutcome, deed: Deed, told: Told): ActionEvent | undefined {
  const { finding, resource } = told;
  const name = nameOfDeed(deed);
  const refused = (because: string): ActionEvent =>
    about(finding, resource, deed.action, {
      ...told,
      outcome: 'undo-refused',
      because,
      id: `${told.occasion} undo-refused ${name}`,
    });
  switch (outcome.kind) {
    case 'undone':
    case 'already-undone':
      return about(finding, resource, deed.action, {
        ...told,
        outcome: 'undone',
        at: timeOf(outcome.deed.undoneAt, told),
        because: outcome.deed.undo?.why ?? '',
        deed: outcome.deed,
        id: `${name} undone`,
      });
    case 'half-done':
      return about(finding, resource, deed.action, {
        ...told,
        outcome: 'half-done',
        because: sentences(outcome.because, outcome.differences),
        deed: outcome.deed,
        id: `${name} undo half-done`,
      });
    case 'refused':
      return refused(sentences(outcome.because, outcome.differences));
    case 'command':
      return refused(`${outcome.because} Whoever wants it all the same runs: ${outcome.command}`);
    case 'impossible':
      return refused(`It can't be undone: ${outcome.because}`);
    case 'gone':
      return refused(outcome.because);
    case 'withheld':
      return withheldEvent(outcome.because, told);
    case 'busy':
    case 'under-way':
      return undefined;
  }
}

function sentences(because: string, differences: readonly string[]): string {
  return `${because} ${differences.join('; ')}`.trim();
}
