/**
 * The metrics that the functions emit, so that code, alarms and dashboard agree. CloudWatch holds a metric apart for
 * each set of dimensions: whoever emits one sets all that are named here, and no other.
 * Source: Amazon CloudWatch User Guide, "Embedded metric format specification", "Dimensions".
 */

/** All metrics are in this namespace. */
export const metricNamespace = 'Trailseal';

/**
 * The dimensions of metrics. Every one has `service`, the stack's name (`stackName`), so that two stages in one Region
 * are told apart; Powertools takes it from POWERTOOLS_SERVICE_NAME. One that is not counted by anything else has
 * `evaluator` too, the function's own queue (`QueueName`).
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
  EventsReceived: { unit: 'Count', by: ['evaluator'], what: 'events looked at for the first time' },
  EventsIgnored: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'events of which no enabled control says anything',
  },
  MessagesDeadLettered: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'messages that a function put aside, with a reason',
  },
  Verdicts: { unit: 'Count', by: ['control', 'verdict'], what: 'verdicts of a control' },
  FindingsPublished: { unit: 'Count', by: ['evaluator'], what: 'findings that Security Hub took' },
  FindingsRefused: { unit: 'Count', by: ['evaluator'], what: 'findings that Security Hub refused for good' },
  FindingsDeferred: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'findings that Security Hub will be told again',
  },
  SecurityHubOff: { unit: 'Count', by: ['evaluator'], what: 'batches that found Security Hub switched off' },
  FindingLatency: {
    unit: 'Milliseconds',
    by: ['evaluator'],
    what: "from an event to Security Hub's having the finding",
  },
  ApiCalls: { unit: 'Count', by: ['call'], what: 'calls to AWS' },
  ReEvaluations: { unit: 'Count', by: ['evaluator'], what: 'messages to be looked at again later' },
  StateTableConflicts: { unit: 'Count', by: ['evaluator'], what: 'writes that another write came before' },
  Actions: { unit: 'Count', by: ['evaluator'], what: 'actions carried out' },
  ActionsSkipped: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'actions that a guardrail or a person held back',
  },
  BreakersOpened: { unit: 'Count', by: ['evaluator'], what: 'breakers that opened, as a limit was reached' },
  Transitions: { unit: 'Count', by: ['evaluator'], what: 'changes of findings put on the bus' },
  PolicyOverrideInvalid: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'invocations that met an override of the policy that is wrong, or could not tell the effective policy',
  },
  OpenFindings: {
    unit: 'Count',
    by: ['evaluator'],
    what: 'open findings in one page of the state table; its sum over one scheduled scan is their number',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
