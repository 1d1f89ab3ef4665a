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
 * `family` too, the function's own queue (`QueueName`).
 */
export type Dimension = 'service' | 'family' | 'control' | 'verdict' | 'call';

export interface Metric {
  /** As CloudWatch spells it. */
  readonly unit: 'Count' | 'Milliseconds';
  /** Its dimensions besides `service`. */
  readonly by: readonly Exclude<Dimension, 'service'>[];
  /** For people: what one unit of it stands for. */
  readonly what: string;
}

export const metrics = {
  EventsReceived: { unit: 'Count', by: ['family'], what: 'events looked at for the first time' },
  EventsIgnored: { unit: 'Count', by: ['family'], what: 'events of which no enabled control says anything' },
  MessagesDeadLettered: {
    unit: 'Count',
    by: ['family'],
    what: 'messages that a function put aside, with a reason',
  },
  Verdicts: { unit: 'Count', by: ['control', 'verdict'], what: 'verdicts of a control' },
  FindingsPublished: { unit: 'Count', by: ['family'], what: 'findings that Security Hub took' },
  FindingsRefused: { unit: 'Count', by: ['family'], what: 'findings that Security Hub refused for good' },
  FindingsDeferred: { unit: 'Count', by: ['family'], what: 'findings that Security Hub will be told again' },
  SecurityHubOff: { unit: 'Count', by: ['family'], what: 'batches that found Security Hub switched off' },
  FindingLatency: {
    unit: 'Milliseconds',
    by: ['family'],
    what: "from an event to Security Hub's having the finding",
  },
  ApiCalls: { unit: 'Count', by: ['call'], what: 'calls to AWS' },
  LooksAgain: { unit: 'Count', by: ['family'], what: 'messages to be looked at again later' },
  LedgerConflicts: { unit: 'Count', by: ['family'], what: 'writes that another write came before' },
  Actions: { unit: 'Count', by: ['family'], what: 'actions carried out' },
  ActionsWithheld: { unit: 'Count', by: ['family'], what: 'actions that a guardrail or a person held back' },
  BreakersOpened: { unit: 'Count', by: ['family'], what: 'breakers that opened, as a limit was reached' },
  Transitions: { unit: 'Count', by: ['family'], what: 'changes of findings put on the bus' },
  PolicyOverrideInvalid: {
    unit: 'Count',
    by: ['family'],
    what: 'invocations that met an override of the policy that is wrong, or could not tell the policy in force',
  },
  OpenFindings: {
    unit: 'Count',
    by: ['family'],
    what: 'open findings in one page of the ledger; its sum over one sweep is their number',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
