/** Looks at the parts of a stage: rules, queues, functions, and the schedule of the scheduled scan. */
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
} from '../../lib/aws/names.ts';
import { type Seen, see, seeIfThere, seen } from '../aws/answer.ts';
import type { DeployedFunction, EventSource, QueuePair, QueueState, Rule, Schedule } from './observed.ts';

export const notFound = ['ResourceNotFoundException'];
/** The second is the name in SQS's older protocol, which the SDK may still give. */
export const noSuchQueue = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];

/** @param bus its name; the account's default one where it is left out. */
export async function ruleNamed(
  events: EventBridgeClient,
  Name: string,
  bus?: string,
): Promise<Seen<Rule | undefined>> {
  const on = bus === undefined ? {} : { EventBusName: bus };
  const rule = await seeIfThere('events:DescribeRule', notFound, () =>
    events.send(new DescribeRuleCommand({ Name, ...on })),
  );
  if (!rule.known || rule.value === undefined) return seenNothing(rule);
  const targets = await see('events:ListTargetsByRule', async () => {
    // A rule has five targets at most, which are one page.
    const answer = await events.send(new ListTargetsByRuleCommand({ Rule: Name, ...on }));
    return (answer.Targets ?? []).map(({ Arn, DeadLetterConfig }) => ({
      arn: Arn,
      deadLetterArn: DeadLetterConfig?.Arn,
    }));
  });
  return seen({ pattern: rule.value.EventPattern, state: rule.value.State, targets });
}

export async function scheduledScanSchedule(
  scheduler: SchedulerClient,
  stage: string,
): Promise<Seen<Schedule | undefined>> {
  return seeIfThere('scheduler:GetSchedule', notFound, async () => {
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

export async function queueState(sqs: SQSClient, QueueName: string): Promise<Seen<QueueState | undefined>> {
  const url = await seeIfThere('sqs:GetQueueUrl', noSuchQueue, async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  });
  if (!url.known || url.value === undefined) return seenNothing(url);
  const QueueUrl = url.value;
  return seeIfThere('sqs:GetQueueAttributes', noSuchQueue, async () => {
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
): Promise<Seen<DeployedFunction | undefined>> {
  const found = await seeIfThere('lambda:GetFunctionConfiguration', notFound, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  if (!found.known || found.value === undefined) return seenNothing(found);
  const { Role, State, StateReason, LastUpdateStatus, LastUpdateStatusReason, Environment } = found.value;
  const sources = await see('lambda:ListEventSourceMappings', async () => {
    const all: EventSource[] = [];
    for await (const page of paginateListEventSourceMappings({ client: lambda }, { FunctionName })) {
      for (const { UUID = '', EventSourceArn, State: state } of page.EventSourceMappings ?? []) {
        all.push({ id: UUID, arn: EventSourceArn, state });
      }
    }
    return all;
  });
  return seen({
    role: Role,
    state: State,
    stateReason: StateReason ?? LastUpdateStatusReason,
    lastUpdate: LastUpdateStatus,
    environment: Environment?.Error === undefined ? (Environment?.Variables ?? {}) : undefined,
    sources,
  });
}

/** What is not there, or was not answered, as one of another type of thing. */
function seenNothing(found: Seen<unknown>): Seen<undefined> {
  return found.known ? seen(undefined) : found;
}
