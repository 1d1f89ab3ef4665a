/** The stack's alarms, and the topic that they notify. */
import { stackName } from '../lib/aws/names.ts';
import {
  type Alarm,
  alarmsOf,
  overrideAlarm,
  regionVariable,
  securityHubOffAlarm,
  silenceAlarm,
  undeliveredAlarm,
} from './alarm-kinds.ts';
import { alarmTarget } from './alarm-target.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { isOverridable } from './overriding.ts';
import type { Parameters } from './parameters.ts';
import { notificationTopicName } from './remediation/notifications.ts';
import { allow } from './statements.ts';
import {
  capital,
  localArn,
  ref,
  type StackResource,
  type StackResources,
  sub,
  type Value,
} from './template.ts';
import { encryptedTopic, fromThisAccount, useOfKey } from './topics.ts';

export function alarms(deployment: Deployment): StackResources {
  const { parameters, functions } = deployment;
  const ofFunctions = functions.flatMap((name) =>
    alarmsOf(parameters.stage, name).map((alarm): [string, StackResource] => [
      `${capital(name)}${alarm.id}Alarm`,
      alarmResource(parameters, `${name}-${alarm.id}`, alarm),
    ]),
  );
  const ofAll = ofSeveral(deployment).map((alarm): [string, StackResource] => [
    `${alarm.id}Alarm`,
    alarmResource(parameters, alarm.id, alarm),
  ]);
  return {
    ...Object.fromEntries([...ofFunctions, ...ofAll]),
    ...undelivered(deployment),
    ...topic(parameters),
  };
}

/** Alarms that are about no one function. */
function ofSeveral(deployment: Deployment): readonly Alarm[] {
  const { stage } = deployment.parameters;
  const overridable = deployment.functions.filter((name) => isOverridable(deployment, name));
  return [
    silenceAlarm(stage),
    securityHubOffAlarm(stage),
    ...(overridable.length === 0 ? [] : [overrideAlarm(stage, overridable)]),
  ];
}

/** @param name the end of the alarm's name. */
function alarmResource(parameters: Parameters, name: string, alarm: Alarm): StackResource {
  const target = alarmTarget(parameters);
  const actions: Value = target === undefined ? [] : [target];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${stackName(parameters.stage)}-${name}`,
      // A description may name commands, which name the Region.
      AlarmDescription: alarm.description.includes(regionVariable)
        ? sub(alarm.description)
        : alarm.description,
      Namespace: alarm.namespace,
      MetricName: alarm.metric,
      Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: alarm.statistic,
      Period: (alarm.minutes ?? 5) * 60,
      EvaluationPeriods: alarm.periods,
      DatapointsToAlarm: alarm.periods,
      Threshold: alarm.threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: alarm.missing === true ? 'breaching' : 'notBreaching',
      AlarmActions: actions,
      OKActions: actions,
    },
  };
}

/** Of the topic for notifications: subscribers that did not accept one. */
function undelivered({ parameters, functions }: Deployment): StackResources {
  const { stage, notifyTopicArn } = parameters;
  if (!functions.includes('notify') || notifyTopicArn !== undefined) return {};
  const alarm = undeliveredAlarm(notificationTopicName(stage));
  return { [`${ids.notifyTopic}Alarm`]: alarmResource(parameters, `notify-${alarm.id}`, alarm) };
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
      {
        ...allow('FromAlarms', ['sns:Publish'], ref(ids.topic), {
          ...fromThisAccount,
          // Those of the stack: an alarm of somebody else's would speak in its name.
          ArnLike: { 'aws:SourceArn': localArn('cloudwatch', `alarm:${stackName(stage)}-*`) },
        }),
        Principal: byCloudWatch,
      },
    ],
    keyUsers: [{ ...allow('FromAlarms', useOfKey, '*', fromThisAccount), Principal: byCloudWatch }],
  });
}
