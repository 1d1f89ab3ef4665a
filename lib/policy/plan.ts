/** What was decided: the actions to be carried out, and those that are not, each with its reason. */
import type { Action } from '../core/control.ts';

export interface PlannedAction {
  readonly action: Action;
  readonly reason: string;
}

/** Why an action is skipped. The first six are known from the policy and the resource, the others live alone. */
export const skippedBecause = [
  'not-in-policy',
  'unknown-verdict',
  'exempt',
  'guardrail',
  'protected-resource',
  'no-resource-id',
  'suppressed',
  'suppression-unknown',
  'own-resource',
  'kill-switch',
  'breaker-open',
  'stale-verdict',
] as const;
export type SkippedBecause = (typeof skippedBecause)[number];

export interface SkippedAction {
  readonly action: Action;
  readonly because: SkippedBecause;
  /** The reason as a sentence, with the figures or names that it rests on. */
  readonly reason: string;
}

export interface Plan {
  readonly actions: readonly PlannedAction[];
  readonly skipped: readonly SkippedAction[];
}
