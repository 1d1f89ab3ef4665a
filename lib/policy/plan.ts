/** What was decided: the actions to be carried out, and those that are not, each with its reason. */
import type { Action } from '../control.ts';

export interface PlannedAction {
  readonly action: Action;
  readonly reason: string;
}

export type WithheldBecause =
  | 'not-in-policy'
  | 'unknown-verdict'
  | 'exempt'
  | 'guardrail'
  | 'protected-resource'
  | 'no-resource-id';

export interface WithheldAction {
  readonly action: Action;
  readonly because: WithheldBecause;
  /** The reason as a sentence, with the figures or names that it rests on. */
  readonly reason: string;
}

export interface Plan {
  readonly actions: readonly PlannedAction[];
  readonly withheld: readonly WithheldAction[];
}
