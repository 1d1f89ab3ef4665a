/**
 * The dashboard: what comes in, what is judged, how fast, and what went wrong.
 * Source: Amazon CloudWatch API Reference, "Dashboard body structure and syntax"; User Guide, "CloudWatch search
 * expression syntax".
 */

import { stackName } from '../lib/aws/names.ts';
import { type MetricName, metricNamespace, metrics } from '../lib/pipeline/live/metrics.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { deadLetterQueueNameOf, queueNameOf } from './parts.ts';
import { type Resources, sub } from './template.ts';

interface Widget {
  readonly title: string;
  readonly metrics: readonly (readonly unknown[])[];
  readonly stat: string;
  readonly period?: number;
  readonly view?: 'timeSeries' | 'singleValue' | 'bar';
  readonly stacked?: boolean;
}

const width = 8;
const height = 6;

export function dashboard(deployment: Deployment): Resources {
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

function widgetsOf({ parameters, functions, controls }: Deployment): readonly Widget[] {
  const { stage, sweepRate } = parameters;
  const queues = functions.filter((name) => name !== 'transitions');
  const service = stackName(stage);
  const families = [...controls.keys()];
  const byFamily = (name: MetricName, stat?: string) =>
    families.map((family) => [
      metricNamespace,
      name,
      'service',
      service,
      'family',
      family,
      { label: stat === undefined ? family : `${family} ${stat}`, ...(stat === undefined ? {} : { stat }) },
    ]);
  const searched = (name: MetricName, label: string) => {
    const schema = [metricNamespace, 'service', ...metrics[name].by].join(',');
    const expression = `SEARCH('{${schema}} MetricName="${name}" service="${service}"', 'Sum')`;
    return [[{ expression, label, id: 'e1' }]];
  };
  return [
    { title: 'Events in', metrics: byFamily('EventsReceived'), stat: 'Sum', stacked: true },
    { title: 'Verdicts by control', metrics: searched('Verdicts', ''), stat: 'Sum', stacked: true },
    {
      title: 'Open findings, as the last sweep saw them',
      metrics: [[metricNamespace, 'OpenFindings', 'service', service, 'family', 'sweep', { label: 'open' }]],
      stat: 'Sum',
      period: sweepRate.minutes * 60,
      view: 'singleValue',
    },
    {
      title: 'From event to finding (ms)',
      metrics: [...byFamily('FindingLatency', 'p50'), ...byFamily('FindingLatency', 'p99')],
      stat: 'p99',
    },
    { title: 'Findings published', metrics: byFamily('FindingsPublished'), stat: 'Sum' },
    {
      title: 'Findings deferred, refused, Security Hub off',
      metrics: (['FindingsDeferred', 'FindingsRefused', 'SecurityHubOff'] as const).flatMap((name) =>
        families.map((family) => [
          metricNamespace,
          name,
          'service',
          service,
          'family',
          family,
          { label: `${family} ${name}` },
        ]),
      ),
      stat: 'Sum',
    },
    { title: 'API calls', metrics: searched('ApiCalls', ''), stat: 'Sum', stacked: true },
    {
      title: 'Dead letters',
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
      title: 'Looks again, ledger conflicts, events ignored',
      metrics: (['LooksAgain', 'LedgerConflicts', 'EventsIgnored'] as const).flatMap((name) =>
        families.map((family) => [
          metricNamespace,
          name,
          'service',
          service,
          'family',
          family,
          { label: `${family} ${name}` },
        ]),
      ),
      stat: 'Sum',
    },
    ...(functions.includes('transitions')
      ? [
          {
            title: 'Changes of findings told, actions done and withheld, breakers opened',
            metrics: told.map(({ metric, family }) => [
              metricNamespace,
              metric,
              'service',
              service,
              'family',
              family,
              { label: metric },
            ]),
            stat: 'Sum',
          },
        ]
      : []),
  ];
}

const told: readonly { readonly metric: MetricName; readonly family: string }[] = [
  { metric: 'Transitions', family: 'transitions' },
  { metric: 'Actions', family: 'remediate' },
  { metric: 'ActionsWithheld', family: 'remediate' },
  { metric: 'BreakersOpened', family: 'remediate' },
];
