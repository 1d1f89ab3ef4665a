/** What somebody has to be told of, and by which way. */
import { type MetricName, metricNamespace } from '../lib/live/metrics.ts';
import { deadLetterQueueName, functionName, type QueueName, queueName, stackName } from '../lib/names.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import type { Parameters } from './parameters.ts';
import { allow, policyDocument } from './statements.ts';
import { accountRoot, arnOf, capital, type Resource, type Resources, ref, type Value } from './template.ts';

export function alarms({ parameters, queues }: Deployment): Resources {
  const resources = queues.flatMap((name) =>
    alarmsOf(parameters.stage, name).map((alarm): [string, Resource] => [
      `${capital(name)}${alarm.id}Alarm`,
      alarmResource(parameters, name, alarm),
    ]),
  );
  return { ...Object.fromEntries(resources), ...topic(parameters) };
}

interface Alarm {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
  /** Alarms above this. */
  readonly threshold: number;
  /** So many periods of five minutes in a row. */
  readonly periods: number;
  /** What is so, and what to do. */
  readonly description: string;
}

function alarmsOf(stage: string, name: QueueName): readonly Alarm[] {
  const ofQueue = { namespace: 'AWS/SQS', dimensions: { QueueName: queueName(stage, name) } };
  const ofFunction = { namespace: 'AWS/Lambda', dimensions: { FunctionName: functionName(stage, name) } };
  const own = (id: string, metric: MetricName, description: string): Alarm => ({
    id,
    namespace: metricNamespace,
    metric,
    dimensions: { service: stackName(stage), family: name },
    statistic: 'Sum',
    threshold: 0,
    periods: 1,
    description,
  });
  return [
    {
      ...ofQueue,
      id: 'DeadLetters',
      metric: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: deadLetterQueueName(stage, name) },
      statistic: 'Maximum',
      threshold: 0,
      periods: 1,
      description: `Messages for ${name} could not be delivered or handled: see "trailseal dlq list"`,
    },
    {
      ...ofQueue,
      id: 'OldestMessage',
      metric: 'ApproximateAgeOfOldestMessage',
      statistic: 'Maximum',
      // Half an hour: longer than a message is kept back at most before another look, and tried once more.
      threshold: 1_800,
      periods: 3,
      description: `Messages for ${name} are not handled in time: see the function's log, and the parameter concurrency`,
    },
    {
      ...ofFunction,
      id: 'Errors',
      metric: 'Errors',
      statistic: 'Sum',
      threshold: 0,
      periods: 1,
      description: `The ${name} function failed as a whole: see its log`,
    },
    {
      ...ofFunction,
      id: 'Throttles',
      metric: 'Throttles',
      statistic: 'Sum',
      threshold: 0,
      // SQS is polled less when Lambda throttles: only when that does not help is anybody needed.
      periods: 3,
      description: `Lambda throttles the ${name} function: see the account's concurrency quota`,
    },
    ...(name === 'sweep'
      ? []
      : [
          own(
            'FindingsRefused',
            'FindingsRefused',
            `Security Hub refused findings of ${name} for good: see "trailseal dlq list"`,
          ),
          own(
            'SecurityHubOff',
            'SecurityHubOff',
            'Security Hub is off in this account and Region: turn it on, and the next sweep brings what it is owed',
          ),
        ]),
  ];
}

function alarmResource(parameters: Parameters, name: QueueName, alarm: Alarm): Resource {
  const target = targetOf(parameters);
  const actions: Value = target === undefined ? [] : [target];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${stackName(parameters.stage)}-${name}-${alarm.id}`,
      AlarmDescription: alarm.description,
      Namespace: alarm.namespace,
      MetricName: alarm.metric,
      Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: alarm.statistic,
      Period: 300,
      EvaluationPeriods: alarm.periods,
      DatapointsToAlarm: alarm.periods,
      Threshold: alarm.threshold,
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

/**
 * A topic for an address. CloudWatch can't write to one that is encrypted by the key that AWS manages, whose policy
 * nobody can change, so that it has a key of its own, where the customer brings none.
 * Source: Amazon SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted
 * topics".
 */
function topic({ stage, alarmEmail, kmsKeyArn }: Parameters): Resources {
  if (alarmEmail === undefined) return {};
  const secure = {
    Sid: 'OnlyByTls',
    Effect: 'Deny',
    Principal: '*',
    Action: ['sns:Publish'],
    Resource: ref(ids.topic),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  } as const;
  return {
    [ids.topic]: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: `${stackName(stage)}-alarms`,
        KmsMasterKeyId: kmsKeyArn ?? arnOf(ids.topicKey),
        Subscription: [{ Protocol: 'email', Endpoint: alarmEmail }],
      },
    },
    [`${ids.topic}Policy`]: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [ref(ids.topic)],
        PolicyDocument: policyDocument([
          {
            ...allow('FromAlarms', ['sns:Publish'], ref(ids.topic), fromThisAccount),
            Principal: { Service: 'cloudwatch.amazonaws.com' },
          },
          secure,
        ]),
      },
    },
    ...(kmsKeyArn === undefined ? topicKey(stage) : {}),
  };
}

const fromThisAccount = { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } };

function topicKey(stage: string): Resources {
  return {
    [ids.topicKey]: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        Description: `Encrypts the alarms of ${stackName(stage)}`,
        EnableKeyRotation: true,
        PendingWindowInDays: 7,
        KeyPolicy: policyDocument([
          {
            ...allow('ByIamPolicies', keyAdministration, '*'),
            Principal: { AWS: accountRoot },
          },
          {
            ...allow('FromAlarms', ['kms:Decrypt', 'kms:GenerateDataKey'], '*', fromThisAccount),
            Principal: { Service: 'cloudwatch.amazonaws.com' },
          },
        ]),
      },
    },
  };
}

/**
 * What the account's own IAM policies may allow. Without kms:PutKeyPolicy nobody could ever change the key.
 * Source: AWS KMS Developer Guide, "Default key policy": allows key administrators.
 */
const keyAdministration = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:DisableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];
