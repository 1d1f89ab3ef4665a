/** The alarms, the dashboard and the insights of the packaged stack. */
import { describe, expect, it } from 'vitest';
import { at, isObject, list, text } from '../../lib/core/json.ts';
import { metricNamespace, metrics } from '../../lib/pipeline/live/metrics.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { ofType, one, packaged } from './template.ts';

const resources = packaged();
const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(([, { properties }]) => properties);
const dimensionsOf = (alarm: unknown) =>
  Object.fromEntries(list(alarm, 'Dimensions').map((one) => [text(one, 'Name'), text(one, 'Value')]));
const watched = (metric: string, dimension: string) =>
  alarms
    .filter((alarm) => text(alarm, 'MetricName') === metric)
    .map((alarm) => dimensionsOf(alarm)[dimension])
    .toSorted();

describe('an alarm', () => {
  it('watches the DLQ of every queue, from the first message', () => {
    expect(watched('ApproximateNumberOfMessagesVisible', 'QueueName')).toEqual(
      queueNames.map((name) => `trailseal-dev-${name}-dead-letters`).toSorted(),
    );
    const thresholds = alarms
      .filter((alarm) => text(alarm, 'MetricName') === 'ApproximateNumberOfMessagesVisible')
      .map((alarm) => [
        at(alarm, 'Threshold'),
        at(alarm, 'ComparisonOperator'),
        at(alarm, 'EvaluationPeriods'),
      ]);
    expect(thresholds).toEqual(queueNames.map(() => [0, 'GreaterThanThreshold', 1]));
  });

  it('watches the age of the oldest message of every queue', () => {
    expect(watched('ApproximateAgeOfOldestMessage', 'QueueName')).toEqual(
      queueNames.map((name) => `trailseal-dev-${name}`).toSorted(),
    );
  });

  it.each(['Errors', 'Throttles'])('watches the %s of every function', (metric) => {
    expect(watched(metric, 'FunctionName')).toEqual(
      queueNames.map((name) => `trailseal-dev-${name}`).toSorted(),
    );
  });

  it('watches FindingsRefused of every evaluator', () => {
    expect(watched('FindingsRefused', 'evaluator')).toEqual(evaluators.toSorted());
  });

  it('watches SecurityHubOff once for all evaluators: it is a fact about the account and Region', () => {
    const watching = alarms.filter((alarm) => text(alarm, 'MetricName') === 'SecurityHubOff');
    expect(watching.map(dimensionsOf)).toEqual([{ service: 'trailseal-dev' }]);
  });

  it('stays OK while there is no data, but for the one about silence', () => {
    const alarming = alarms.filter((alarm) => at(alarm, 'TreatMissingData') !== 'notBreaching');
    expect(alarming.map((alarm) => [text(alarm, 'MetricName'), at(alarm, 'TreatMissingData')])).toEqual([
      ['SilentParts', 'breaching'],
    ]);
  });
});

describe('a metric of Trailseal’s own', () => {
  const own = alarms
    .filter((alarm) => text(alarm, 'Namespace') === metricNamespace)
    .map((alarm) => ({ name: text(alarm, 'MetricName') ?? '', dimensions: dimensionsOf(alarm) }));

  it('is watched with the dimensions that it is emitted with', () => {
    expect(own.length).toBeGreaterThan(0);
    for (const { name, dimensions } of own) expect(Object.keys(dimensions)).toEqual(dimensionsEmitted(name));
  });

  it('is shown on the dashboard with the dimensions that it is emitted with', () => {
    const shown = widgets.flatMap(({ metrics: rows }) => rows).filter((row) => row[0] === metricNamespace);
    expect(shown.length).toBeGreaterThan(0);
    for (const [, name, ...rest] of shown) {
      const names = rest.filter((part, index) => !isObject(part) && index % 2 === 0);
      expect(names).toEqual(dimensionsEmitted(String(name)));
    }
  });

  it('that is searched for is searched with the dimensions that it is emitted with', () => {
    const searched = widgets
      .flatMap(({ metrics: rows }) => rows)
      .flatMap((row) => text(row[0], 'expression') ?? [])
      .map(
        (expression) =>
          /^SEARCH\('\{(.*?)\} MetricName="(\w+)" service="trailseal-dev"'/.exec(expression) ?? [],
      );
    expect(searched.map(([, schema, name]) => [name, schema])).toEqual([
      ['Verdicts', 'Trailseal,service,control,verdict'],
      ['ApiCalls', 'Trailseal,service,call'],
    ]);
  });
});

describe('the dashboard', () => {
  it('shows events, verdicts, open findings, latency, publication, API calls, DLQs and backlog', () => {
    expect(widgets.map(({ title }) => title)).toEqual([
      'Events received',
      'Verdicts by control',
      'Open findings at the last scheduled scan',
      'Latency from event to finding (ms)',
      'Findings published',
      'Findings deferred and refused, Security Hub off',
      'AWS API calls',
      'Messages in the DLQs',
      'Age of the oldest message (s)',
      'Re-evaluations, state table conflicts, events ignored',
    ]);
  });

  it('shows the latency at the median and at the 99th percentile', () => {
    const latency = widgets.find(({ title }) => title === 'Latency from event to finding (ms)');
    const percentiles = latency?.metrics.map((row) => text(row.at(-1), 'stat'));
    expect(percentiles).toEqual([...evaluators.map(() => 'p50'), ...evaluators.map(() => 'p99')]);
  });

  it('reads the stack’s own Region', () => {
    expect(new Set(widgets.map(({ region }) => region))).toEqual(new Set(['eu-central-1']));
  });
});

describe('an insight', () => {
  const insights = ofType(resources, 'AWS::SecurityHub::Insight').map(([, { properties }]) => properties);

  it('exists for controls, accounts, actors, UNKNOWN findings and the oldest', () => {
    expect(insights.map((insight) => [text(insight, 'Name'), text(insight, 'GroupByAttribute')])).toEqual([
      ['trailseal-dev: open findings by control', 'GeneratorId'],
      ['trailseal-dev: open findings by account', 'AwsAccountId'],
      [
        'trailseal-dev: open findings that users and roles caused (product field trailseal/actor/arn)',
        'ResourceId',
      ],
      ['trailseal-dev: UNKNOWN findings by control', 'GeneratorId'],
      ['trailseal-dev: open findings by creation time', 'CreatedAt'],
    ]);
  });

  it('counts active findings of Trailseal that nobody resolved or suppressed', () => {
    for (const insight of insights) {
      expect(at(insight, 'Filters')).toMatchObject({
        GeneratorId: [{ Comparison: 'PREFIX', Value: 'trailseal/' }],
        RecordState: [{ Comparison: 'EQUALS', Value: 'ACTIVE' }],
        WorkflowStatus: [
          { Comparison: 'EQUALS', Value: 'NEW' },
          { Comparison: 'EQUALS', Value: 'NOTIFIED' },
        ],
      });
    }
  });
});

interface ShownWidget {
  readonly title: string;
  readonly region: unknown;
  readonly metrics: readonly (readonly unknown[])[];
}

const widgets = list(
  JSON.parse(text(one(resources, 'Dashboard').properties, 'DashboardBody') ?? ''),
  'widgets',
).map((widget): ShownWidget => {
  const rows = list(widget, 'properties', 'metrics');
  return {
    title: text(widget, 'properties', 'title') ?? '',
    region: at(widget, 'properties', 'region'),
    metrics: rows.map((row) => (Array.isArray(row) ? row : [])),
  };
});

function dimensionsEmitted(name: string): readonly string[] {
  const by = Object.entries(metrics).find(([metric]) => metric === name)?.[1].by;
  return ['service', ...(by ?? [])];
}
