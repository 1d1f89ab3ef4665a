/** Observes the parts of a stage: rules, queues, functions, and the schedule of the scheduled scan. */
import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeRuleCommand,
  type EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  deadLetterQueueName,
  type ListenerName,
  type QueueName,
  queueName,
  scheduleName,
  silenceAlarmName,
} from '../../lib/aws/names.ts';
import { type Answer, answered, ask, askIfExists } from '../aws/answer.ts';
import type {
  DeployedFunction,
  EventSourceMappingState,
  ObservedSilenceAlarm,
  QueuePair,
  QueueState,
  Rule,
  Schedule,
} from './observed.ts';

export const notFound = ['ResourceNotFoundException'];
/** The second is the error's name in SQS's query protocol, which the SDK may still use. */
export const noSuchQueue = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];

/** @param bus name of the event bus; without one, the default event bus. */
export async function ruleNamed(
  events: EventBridgeClient,
  Name: string,
  bus?: string,
): Promise<Answer<Rule | undefined>> {
  const on = bus === undefined ? {} : { EventBusName: bus };
  const rule = await askIfExists('events:DescribeRule', notFound, () =>
    events.send(new DescribeRuleCommand({ Name, ...on })),
  );
  if (!rule.known || rule.value === undefined) return asAbsent(rule);
  const targets = await ask('events:ListTargetsByRule', async () => {
    // A rule has at most five targets, which fit on one page.
    const answer = await events.send(new ListTargetsByRuleCommand({ Rule: Name, ...on }));
    return (answer.Targets ?? []).map(({ Arn, DeadLetterConfig }) => ({
      arn: Arn,
      deadLetterArn: DeadLetterConfig?.Arn,
    }));
  });
  return answered({ pattern: rule.value.EventPattern, state: rule.value.State, targets });
}

export async function scheduledScanSchedule(
  scheduler: SchedulerClient,
  stage: string,
): Promise<Answer<Schedule | undefined>> {
  return askIfExists('scheduler:GetSchedule', notFound, async () => {
    const { State, ScheduleExpression, Target } = await scheduler.send(
      new GetScheduleCommand({ Name: scheduleName(stage) }),
    );
    return {
      state: State,
      rate: ScheduleExpression,
      target: { arn: Target?.Arn, deadLetterArn: Target?.DeadLetterConfig?.Arn },
    };
  });
}

export async function silenceAlarm(
  cloudwatch: CloudWatchClient,
  stage: string,
): Promise<Answer<ObservedSilenceAlarm | undefined>> {
  return ask('cloudwatch:DescribeAlarms', async () => {
    const { MetricAlarms: [alarm] = [] } = await cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [silenceAlarmName(stage)] }),
    );
    if (alarm === undefined) return undefined;
    const { StateValue: state, ActionsEnabled: actionsEnabled = true, AlarmDescription: text = '' } = alarm;
    return { state, actionsEnabled, text };
  });
}

export async function queuePair(
  sqs: SQSClient,
  stage: string,
  name: QueueName | ListenerName,
): Promise<QueuePair> {
  const [queue, deadLetters] = await Promise.all([
    queueState(sqs, queueName(stage, name)),
    queueState(sqs, deadLetterQueueName(stage, name)),
  ]);
  return { queue, deadLetters };
}

export async function queueState(sqs: SQSClient, QueueName: string): Promise<Answer<QueueState | undefined>> {
  const url = await askIfExists('sqs:GetQueueUrl', noSuchQueue, async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  });
  if (!url.known || url.value === undefined) return asAbsent(url);
  const QueueUrl = url.value;
  return askIfExists('sqs:GetQueueAttributes', noSuchQueue, async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
      inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
    };
  });
}

export async function deployedFunction(
  lambda: LambdaClient,
  FunctionName: string,
): Promise<Answer<DeployedFunction | undefined>> {
  const found = await askIfExists('lambda:GetFunctionConfiguration', notFound, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  if (!found.known || found.value === undefined) return asAbsent(found);
  const { Role, State, StateReason, LastUpdateStatus, LastUpdateStatusReason, Environment } = found.value;
  const sources = await ask('lambda:ListEventSourceMappings', async () => {
    const all: EventSourceMappingState[] = [];
    for await (const page of paginateListEventSourceMappings({ client: lambda }, { FunctionName })) {
      for (const { UUID = '', EventSourceArn, State: state } of page.EventSourceMappings ?? []) {
        all.push({ id: UUID, arn: EventSourceArn, state });
      }
    }
    return all;
  });
  return answered({
    role: Role,
    state: State,
    stateReason: StateReason ?? LastUpdateStatusReason,
    lastUpdate: LastUpdateStatus,
    environment: Environment?.Error === undefined ? (Environment?.Variables ?? {}) : undefined,
    sources,
  });
}

/** An answer that something does not exist, or no answer, as an answer of another type. */
function asAbsent(found: Answer<unknown>): Answer<undefined> {
  return found.known ? answered(undefined) : found;
}
