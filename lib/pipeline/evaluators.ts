/**
 * Evaluators of controls: those whose events come from one service. Each has an EventBridge rule, a queue and an
 * evaluator function of its own, so that a storm in one delays no other and each role stays small.
 */
import type { Control, EventSource } from '../core/control.ts';
import { wantedEvents } from './match.ts';

export const evaluators = ['ec2', 'eks', 'kms'] as const;
export type EvaluatorName = (typeof evaluators)[number];

const eventSources: Readonly<Record<EvaluatorName, EventSource>> = {
  ec2: 'ec2.amazonaws.com',
  eks: 'eks.amazonaws.com',
  kms: 'kms.amazonaws.com',
};

/** Whose events the control waits for. Throws for one that waits for those of several services, or of none. */
export function evaluatorOf(control: Pick<Control, 'id' | 'triggers' | 'deletions'>): EvaluatorName {
  const sources = new Set(
    [...control.triggers, ...control.deletions].map((occurrence) => occurrence.eventSource),
  );
  const evaluator = evaluators.find((one) => sources.has(eventSources[one]));
  if (evaluator === undefined || sources.size !== 1) {
    throw new TypeError(`${control.id} has events of ${[...sources].join(', ') || 'no service'}, not of one`);
  }
  return evaluator;
}

/** An EventBridge event pattern. Source: Amazon EventBridge User Guide, "Creating event patterns". */
export interface EventPattern {
  readonly source: readonly string[];
  readonly 'detail-type': readonly string[];
  readonly detail: Readonly<Record<string, readonly (string | { readonly exists: boolean })[]>>;
}

/**
 * The pattern of the events that an evaluator's controls declare, triggers and deletion events, of calls that succeeded. What
 * a service does by itself has a `detail-type` of its own.
 * Source: Amazon EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".
 */
export function eventPattern(evaluator: EvaluatorName, controls: readonly Control[]): EventPattern {
  const wanted = wantedEvents(controls.filter((control) => evaluatorOf(control) === evaluator));
  return {
    source: [`aws.${evaluator}`],
    'detail-type': ['AWS API Call via CloudTrail', 'AWS Service Event via CloudTrail'],
    detail: {
      eventSource: [eventSources[evaluator]],
      eventName: wanted.flatMap(({ eventNames }) => eventNames),
      errorCode: [{ exists: false }],
    },
  };
}
