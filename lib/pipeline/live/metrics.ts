/**
 * The metrics that the functions emit, so that code, alarms and dashboard agree. CloudWatch treats each set of
 * dimensions as another metric, so code that emits one sets exactly the dimensions given here.
 * Source: Amazon CloudWatch User Guide, "Embedded metric format specification", "Dimensions".
 */

/** All metrics are in this namespace. */
export const metricNamespace = 'Trailseal';

/**
 * The dimensions of metrics. Every one has `service`, the stack's name (`stackName`), which keeps two stages in one
 * Region apart; Powertools reads it from POWERTOOLS_SERVICE_NAME. `evaluator` is the name of the function's queue
 * (`QueueName`). What says the same whichever function counts it, a fact about the account and Region or about the policy,
 * has no other dimension, so that one alarm watches it.
 */
export type Dimension = 'service' | 'evaluator' | 'control' | 'verdict' | 'call';

export interface Metric {
  /** As CloudWatch spells it. */
  readonly unit: 'Count' | 'Milliseconds';
  /** Its dimensions besides `service`. */
  readonly by: readonly Exclude<Dimension, 'service'>[];
  /** For people: what one unit of it stands for. */
  readonly what: string;
}

export const metrics = {
  EventsReceived: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'events received, without messages that are re-evaluated',
  },
  EventsIgnored: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'events that concern no enabled control',
  },
  MessagesDeadLettered: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'messages that a function put into its DLQ, with a reason',
  },
  Verdicts: { unit: 'Count', by: ['control', 'verdict'], what: 'verdicts of a control' },
  FindingsPublished: { unit: 'Count', by: ['evaluator'], what: 'findings that Security Hub accepted' },
  FindingsRefused: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'findings that Security Hub refused and would refuse again',
  },
  FindingsDeferred: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'findings whose publication will be retried',
  },
  SecurityHubOff: { unit: 'Count', by: [], what: 'batches in which Security Hub was off' },
  FindingLatency: {
    unit: 'Milliseconds',
    by: ['evaluator'],
    what: 'from an event to its finding in Security Hub',
  },
  ApiCalls: { unit: 'Count', by: ['call'], what: 'calls to AWS' },
  ReEvaluations: { unit: 'Count', by: ['evaluator'], what: 'messages that will be re-evaluated later' },
  StateTableConflicts: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'conditional writes that failed because another write came first',
  },
  Actions: { unit: 'Count', by: ['evaluator'], what: 'actions carried out' },
  ActionsSkipped: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'actions skipped by a guardrail, the kill switch or a person',
  },
  BreakersOpened: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'circuit breakers that opened because a limit was reached',
  },
  CriticalActionsWithoutBudget: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'actions about CRITICAL findings for which the rate limits left no budget, each time they were tried',
  },
  Transitions: { unit: 'Count', by: ['evaluator'], what: 'transitions of findings published on the bus' },
  PolicyOverrideInvalid: {
    unit: 'Count',
    by: [],
    what: 'invocations in which the policy override was invalid, or the effective policy could not be read',
  },
  SilentParts: {
    unit: 'Count',
    by: [],
    what: 'parts of the deployment that are silent, at one check by the watchdog; without a value, there was no check',
  },
  OpenFindings: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'open findings in one page of the state table; its sum over one scheduled scan is their number',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
