/** The stack's alarms, and the topic that they notify. */
import { stackName } from '../lib/aws/names.ts';
import {
  type Alarm,
  alarmsOf,
  overrideAlarms,
  type SumAlarm,
  securityHubOffAlarms,
  undeliveredAlarm,
} from './alarm-kinds.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { isOverridable } from './overriding.ts';
import type { Parameters } from './parameters.ts';
import type { FunctionName } from './parts.ts';
import { notificationTopicName } from './remediation/notifications.ts';
import { allow } from './statements.ts';
import { capital, ref, type StackResource, type StackResources, type Value } from './template.ts';
import { encryptedTopic, fromThisAccount, useOfKey } from './topics.ts';

export function alarms(deployment: Deployment): StackResources {
  const { parameters, functions } = deployment;
  const resources = functions.flatMap((name) =>
    alarmsOf(parameters.stage, name).map((alarm): [string, StackResource] => [
      `${capital(name)}${alarm.id}Alarm`,
      ofOne(parameters, name, alarm),
    ]),
  );
  const sums = sumsOf(deployment).map((alarm): [string, StackResource] => [
    `${alarm.id}Alarm`,
    alarmOf(parameters, alarm.id, alarm, { Metrics: summed(alarm) }),
  ]);
  return {
    ...Object.fromEntries([...resources, ...sums]),
    ...undelivered(deployment),
    ...topic(parameters),
  };
}

/** Those of several functions together. */
function sumsOf(deployment: Deployment): readonly SumAlarm[] {
  const { parameters, functions, controls } = deployment;
  const overridable = functions.filter((name) => isOverridable(deployment, name));
  return [
    ...securityHubOffAlarms(parameters.stage, [...controls.keys()]),
    ...overrideAlarms(parameters.stage, overridable),
  ];
}

/** Seconds. */
const period = 300;

function metricOf(
  { namespace, metric }: Pick<Alarm, 'namespace' | 'metric'>,
  dimensions: Alarm['dimensions'],
): { readonly [property: string]: Value } {
  return {
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  };
}

/**
 * A metric of which nothing was counted has no data, which stands for zero.
 * Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics" (FILL).
 */
function summed(alarm: SumAlarm): readonly Value[] {
  const metrics = alarm.of.map((dimensions, index) => ({
    Id: `m${index + 1}`,
    MetricStat: { Metric: metricOf(alarm, dimensions), Period: period, Stat: alarm.statistic },
    ReturnData: false,
  }));
  const expression = metrics.map(({ Id }) => `FILL(${Id}, 0)`).join(' + ');
  return [{ Id: 'sum', Label: alarm.metric, Expression: expression, ReturnData: true }, ...metrics];
}

/** The alarm of one function. */
function ofOne(parameters: Parameters, name: FunctionName, alarm: Alarm): StackResource {
  return alarmOf(parameters, `${name}-${alarm.id}`, alarm, {
    ...metricOf(alarm, alarm.dimensions),
    Statistic: alarm.statistic,
    Period: period,
  });
}

/** @param watched the metric, or the metric math. */
function alarmOf(
  parameters: Parameters,
  name: string,
  { description, periods, threshold }: Omit<Alarm, 'dimensions'>,
  watched: { readonly [property: string]: Value },
): StackResource {
  const target = targetOf(parameters);
  const actions: Value = target === undefined ? [] : [target];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${stackName(parameters.stage)}-${name}`,
      AlarmDescription: description,
      ...watched,
      EvaluationPeriods: periods,
      DatapointsToAlarm: periods,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: actions,
      OKActions: actions,
    },
  };
}

function targetOf({ alarmEmail, alarmTopicArn }: Parameters): Value | undefined {
  return alarmTopicArn ?? (alarmEmail === undefined ? undefined : ref(ids.topic));
}

/** Of the topic for notifications: subscribers that did not accept one. */
function undelivered({ parameters, functions }: Deployment): StackResources {
  const { stage, notifyTopicArn } = parameters;
  if (!functions.includes('notify') || notifyTopicArn !== undefined) return {};
  const alarm = undeliveredAlarm(notificationTopicName(stage));
  return { [`${ids.notifyTopic}Alarm`]: ofOne(parameters, 'notify', alarm) };
}

/** The topic for an e-mail address. */
function topic({ stage, alarmEmail, kmsKeyArn }: Parameters): StackResources {
  if (alarmEmail === undefined) return {};
  const byCloudWatch = { Service: 'cloudwatch.amazonaws.com' };
  return encryptedTopic({
    id: ids.topic,
    keyId: ids.topicKey,
    name: `${stackName(stage)}-alarms`,
    email: alarmEmail,
    kmsKeyArn,
    keyDescription: `Encrypts the alarms of ${stackName(stage)}`,
    publishers: [
      { ...allow('FromAlarms', ['sns:Publish'], ref(ids.topic), fromThisAccount), Principal: byCloudWatch },
    ],
    keyUsers: [{ ...allow('FromAlarms', useOfKey, '*', fromThisAccount), Principal: byCloudWatch }],
  });
}
