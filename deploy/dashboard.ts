/**
 * The dashboard: events, verdicts, latency, errors.
 * Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax"; User Guide, "CloudWatch search
 * expression syntax".
 */

import { stackName } from '../lib/aws/names.ts';
import { type MetricName, metricNamespace, metrics } from '../lib/pipeline/live/metrics.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { deadLetterQueueNameOf, isWatchdog, queueNameOf } from './parts.ts';
import { type StackResources, sub } from './template.ts';

interface DashboardWidget {
  readonly title: string;
  readonly metrics: readonly (readonly unknown[])[];
  readonly stat: string;
  readonly period?: number;
  readonly view?: 'timeSeries' | 'singleValue' | 'bar';
  readonly stacked?: boolean;
}

const width = 8;
const height = 6;

export function dashboard(deployment: Deployment): StackResources {
  const widgets = widgetsOf(deployment).map(({ period = 300, view = 'timeSeries', ...widget }, index) => ({
    type: 'metric',
    x: (index % 3) * width,
    y: Math.floor(index / 3) * height,
    width,
    height,
    properties: { ...widget, view, period, region: `\${AWS::Region}` },
  }));
  return {
    [ids.dashboard]: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: stackName(deployment.parameters.stage),
        DashboardBody: sub(JSON.stringify({ widgets })),
      },
    },
  };
}

function widgetsOf({ parameters, functions: all, controls }: Deployment): readonly DashboardWidget[] {
  const { stage, scanSchedule } = parameters;
  const functions = all.filter((name) => !isWatchdog(name));
  const queues = functions.filter((name) => name !== 'transitions');
  const service = stackName(stage);
  const evaluators = [...controls.keys()];
  const metricOf = (
    name: MetricName,
    evaluator: string,
    options: { readonly label: string; readonly stat?: string },
  ) => [metricNamespace, name, 'service', service, 'evaluator', evaluator, options];
  const byEvaluator = (name: MetricName, stat?: string) =>
    evaluators.map((evaluator) =>
      metricOf(
        name,
        evaluator,
        stat === undefined ? { label: evaluator } : { label: `${evaluator} ${stat}`, stat },
      ),
    );
  /** Several metrics in one widget, so that each label names its metric. */
  const eachByEvaluator = (names: readonly MetricName[]) =>
    names.flatMap((name) =>
      evaluators.map((evaluator) => metricOf(name, evaluator, { label: `${evaluator} ${name}` })),
    );
  const searched = (name: MetricName, label: string) => {
    const schema = [metricNamespace, 'service', ...metrics[name].by].join(',');
    const expression = `SEARCH('{${schema}} MetricName="${name}" service="${service}"', 'Sum')`;
    return [[{ expression, label, id: 'e1' }]];
  };
  return [
    { title: 'Events received', metrics: byEvaluator('EventsReceived'), stat: 'Sum', stacked: true },
    { title: 'Verdicts by control', metrics: searched('Verdicts', ''), stat: 'Sum', stacked: true },
    {
      title: 'Open findings at the last scheduled scan',
      metrics: [metricOf('OpenFindings', 'scan', { label: 'open' })],
      stat: 'Sum',
      period: scanSchedule.minutes * 60,
      view: 'singleValue',
    },
    {
      title: 'Latency from event to finding (ms)',
      metrics: [...byEvaluator('FindingLatency', 'p50'), ...byEvaluator('FindingLatency', 'p99')],
      stat: 'p99',
    },
    { title: 'Findings published', metrics: byEvaluator('FindingsPublished'), stat: 'Sum' },
    {
      title: 'Findings deferred and refused, Security Hub off',
      metrics: [
        ...eachByEvaluator(['FindingsDeferred', 'FindingsRefused']),
        [metricNamespace, 'SecurityHubOff', 'service', service, { label: 'SecurityHubOff' }],
      ],
      stat: 'Sum',
    },
    { title: 'AWS API calls', metrics: searched('ApiCalls', ''), stat: 'Sum', stacked: true },
    {
      title: 'Messages in the DLQs',
      metrics: functions.map((name) => [
        'AWS/SQS',
        'ApproximateNumberOfMessagesVisible',
        'QueueName',
        deadLetterQueueNameOf(stage, name),
        { label: name },
      ]),
      stat: 'Maximum',
    },
    {
      title: 'Age of the oldest message (s)',
      metrics: queues.map((name) => [
        'AWS/SQS',
        'ApproximateAgeOfOldestMessage',
        'QueueName',
        queueNameOf(stage, name),
        { label: name },
      ]),
      stat: 'Maximum',
    },
    {
      title: 'Re-evaluations, state table conflicts, events ignored',
      metrics: eachByEvaluator(['ReEvaluations', 'StateTableConflicts', 'EventsIgnored']),
      stat: 'Sum',
    },
    ...(functions.includes('transitions')
      ? [
          {
            title: 'Transitions, actions done and skipped, circuit breakers opened',
            metrics: remediationMetrics.map(({ metric, evaluator }) =>
              metricOf(metric, evaluator, { label: metric }),
            ),
            stat: 'Sum',
          },
        ]
      : []),
  ];
}

const remediationMetrics: readonly { readonly metric: MetricName; readonly evaluator: string }[] = [
  { metric: 'Transitions', evaluator: 'transitions' },
  { metric: 'Actions', evaluator: 'remediate' },
  { metric: 'ActionsSkipped', evaluator: 'remediate' },
  { metric: 'BreakersOpened', evaluator: 'remediate' },
  { metric: 'CriticalActionsWithoutBudget', evaluator: 'remediate' },
];
