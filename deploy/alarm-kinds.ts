/** The alarms of a function, of its queue and of its DLQ: what happened, and what to do. */

import { stackName, watchdogName } from '../lib/aws/names.ts';
import { type MetricName, metricNamespace } from '../lib/pipeline/live/metrics.ts';
import { alarmText, checkMinutes } from '../lib/pipeline/live/watchdog/alarm.ts';
import {
  deadLetterQueueNameOf,
  type FunctionName,
  functionNameOf,
  isListener,
  isWatchdog,
  type Queue,
  queueNameOf,
  type ReadingFunction,
} from './parts.ts';

export interface Alarm {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
  /** Alarms above this. */
  readonly threshold: number;
  /** The number of consecutive periods of five minutes, or of `minutes`. */
  readonly periods: number;
  readonly minutes?: number;
  /** Whether no data is an alarm; otherwise it is none. */
  readonly missing?: true;
  /** What happened, and what to do. */
  readonly description: string;
}

export function alarmsOf(stage: string, name: FunctionName): readonly Alarm[] {
  // Where it fails, it does not check, for which there is the alarm about silent parts.
  if (isWatchdog(name)) return [];
  return [
    deadLetters(stage, name),
    name === 'transitions' ? oldestTransition(stage) : oldestMessage(stage, name),
    ...ofFunction(stage, name),
    ...own(stage, name),
  ];
}

/** What CloudFormation replaces by the Region. */
export const regionVariable = `\${AWS::Region}`;

/** The options of commands about a deployment; CloudFormation fills in the Region. */
function at(stage: string): string {
  return `--stage ${stage} --region ${regionVariable}`;
}

const first = { statistic: 'Sum', threshold: 0, periods: 1 } as const;

function deadLetters(stage: string, name: ReadingFunction): Alarm {
  return {
    ...first,
    id: 'DeadLetters',
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: deadLetterQueueNameOf(stage, name) },
    statistic: 'Maximum',
    description:
      name === 'transitions'
        ? 'Transitions of findings could not be published on the bus, so that no action ran and nobody was notified: see the messages in the DLQ and the log of the transitions function'
        : `Messages for ${name} could not be delivered or handled: see "trailseal dlq list ${at(stage)}"`,
  };
}

function oldestMessage(stage: string, name: Queue): Alarm {
  const parameter = isListener(name) ? '' : ', and the parameter concurrency';
  return {
    id: 'OldestMessage',
    namespace: 'AWS/SQS',
    metric: 'ApproximateAgeOfOldestMessage',
    dimensions: { QueueName: queueNameOf(stage, name) },
    statistic: 'Maximum',
    // Half an hour: longer than the longest delay of a re-evaluation and one retry. A message of remediation whose function
    // ended without a word is hidden for an hour and a half.
    threshold: name === 'remediate' ? 7_200 : 1_800,
    periods: 3,
    description: `Messages for ${name} are not handled in time: see the function's log${parameter}`,
  };
}

/** Source: AWS Lambda Developer Guide, "Types of metrics for Lambda functions": IteratorAge, in milliseconds. */
function oldestTransition(stage: string): Alarm {
  return {
    id: 'IteratorAge',
    namespace: 'AWS/Lambda',
    metric: 'IteratorAge',
    dimensions: { FunctionName: functionNameOf(stage, 'transitions') },
    statistic: 'Maximum',
    threshold: 1_800_000,
    periods: 3,
    description:
      'Transitions of findings are not published on the bus in time: see the log of the transitions function',
  };
}

function ofFunction(stage: string, name: ReadingFunction): readonly Alarm[] {
  const common = {
    ...first,
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: functionNameOf(stage, name) },
  };
  return [
    {
      ...common,
      id: 'Errors',
      metric: 'Errors',
      description: `Invocations of the ${name} function failed: see its log`,
    },
    {
      ...common,
      id: 'Throttles',
      metric: 'Throttles',
      // Lambda polls SQS less when it throttles: only when that does not help, somebody has to act.
      periods: 3,
      description: `Lambda throttles the ${name} function: see the account's concurrency quota`,
    },
  ];
}

/** Source: Amazon SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch". */
export function undeliveredAlarm(topic: string): Alarm {
  return {
    ...first,
    id: 'Undelivered',
    namespace: 'AWS/SNS',
    metric: 'NumberOfNotificationsFailed',
    dimensions: { TopicName: topic },
    description: `Subscribers of the topic ${topic} did not accept notifications: see its subscriptions`,
  };
}

/**
 * Silence: the metric counts silent parts, and is missing where nothing counts them. The watchdog names the parts in the
 * description before it emits the metric; what it writes is `lib/pipeline/live/watchdog/alarm.ts`.
 */
export function silenceAlarm(stage: string): Alarm {
  return {
    ...first,
    id: 'SilentParts' satisfies MetricName,
    namespace: metricNamespace,
    metric: 'SilentParts' satisfies MetricName,
    dimensions: { service: stackName(stage) },
    statistic: 'Maximum',
    minutes: checkMinutes,
    missing: true,
    description: alarmText(watchdogName(stage), []),
  };
}

/** Of all evaluators: each finds it out by itself. */
export function securityHubOffAlarm(stage: string): Alarm {
  return {
    ...first,
    id: 'SecurityHubOff',
    namespace: metricNamespace,
    metric: 'SecurityHubOff' satisfies MetricName,
    dimensions: { service: stackName(stage) },
    description:
      'Security Hub is off in this account and Region: turn it on, and the next scheduled scan publishes the pending findings',
  };
}

/** @param names the functions whose policy may be overridden, by one parameter for all of them. */
export function overrideAlarm(stage: string, names: readonly FunctionName[]): Alarm {
  return {
    ...first,
    id: 'PolicyOverrideInvalid',
    namespace: metricNamespace,
    metric: 'PolicyOverrideInvalid' satisfies MetricName,
    dimensions: { service: stackName(stage) },
    description:
      'The policy override is invalid, and the last valid policy remains effective; or the effective policy could not be ' +
      `read, and no action ran: see "trailseal policy show ${at(stage)}", and the logs of the functions ${names.join(', ')}`,
  };
}

function ownAlarm(stage: string, name: ReadingFunction, metric: MetricName, description: string): Alarm {
  return {
    ...first,
    id: metric,
    namespace: metricNamespace,
    metric,
    dimensions: { service: stackName(stage), evaluator: name },
    description,
  };
}

/** Of Trailseal's own metrics. */
function own(stage: string, name: ReadingFunction): readonly Alarm[] {
  const one = (metric: MetricName, description: string) => ownAlarm(stage, name, metric, description);
  switch (name) {
    case 'scan':
    case 'transitions':
    case 'notify':
    case 'operator':
      return [];
    case 'remediate':
      return [
        one(
          'ActionsSkipped',
          `Actions were skipped because of a limit, the kill switch, a person or the state of the resource: see "trailseal breaker show ${at(stage)}", "trailseal kill-switch status ${at(stage)}" and the log of the remediate function`,
        ),
        one(
          'BreakersOpened',
          `A circuit breaker opened: several principals caused more actions of a kind in an hour than the policy allows, and none of the kind runs but for CRITICAL findings until the breaker is reset: see "trailseal breaker show ${at(stage)}", then run "trailseal breaker reset fix ${at(stage)}", with the kind that is open in place of fix`,
        ),
        one(
          'CriticalActionsWithoutBudget',
          `An action about a CRITICAL finding waits, as the part of the rate limits that is reserved for them is used up: see "trailseal breaker show ${at(stage)}" for whose changes used it up; "trailseal breaker reset fix ${at(stage)}", with its kind in place of fix, makes room at once`,
        ),
      ];
    default:
      return [
        one(
          'FindingsRefused',
          `Security Hub refused findings of ${name}: see "trailseal dlq list ${at(stage)}"`,
        ),
      ];
  }
}
