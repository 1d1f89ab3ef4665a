/**
 * The queues, and what fills them: the EventBridge rules of each evaluator, a schedule for the scheduled scan. Every hop has
 * a dead-letter queue. Sources: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" (visibility of six times the
 * function's timeout, maxReceiveCount of at least 5, which here goes with the delays of `redelivery.ts`); Amazon EventBridge User Guide, "Using dead-letter queues";
 * EventBridge Scheduler User Guide, "Configuring a dead-letter queue".
 */

import { canaryPattern } from '../lib/aws/canary.ts';
import { canaryRuleName, ruleName, scheduleName, watchdogName } from '../lib/aws/names.ts';
import type { Control } from '../lib/core/control.ts';
import type { EvaluatorName } from '../lib/core/service.ts';
import { eventPatterns } from '../lib/pipeline/evaluators.ts';
import { scheduledScanBody } from '../lib/pipeline/live/message.ts';
import { maxReceiveCount } from '../lib/pipeline/live/redelivery.ts';
import type { Deployment } from './context.ts';
import { scanSize, sizeOf } from './evaluators.ts';
import { ids } from './ids.ts';
import type { Parameters } from './parameters.ts';
import { deadLetterQueueNameOf, type Queue, queueNameOf } from './parts.ts';
import { allow, policyDocument, type Statement, trust } from './statements.ts';
import {
  arnOf,
  endpointOf,
  localArn,
  ref,
  type StackResource,
  type StackResources,
  type Value,
} from './template.ts';

const day = 86_400;

/** For how long messages are kept, in seconds. */
export const retentions = { messages: 4 * day, deadLetters: 14 * day } as const;

export function queues(deployment: Deployment): StackResources {
  const { parameters, controls } = deployment;
  return {
    ...Object.assign({}, ...[...controls].map(([evaluator, own]) => filled(deployment, evaluator, own))),
    ...canaryRules(deployment),
    ...queuePair(parameters, 'scan', scanSize.timeout),
    ...schedule(parameters),
  };
}

/** An evaluator's queue, and the rules that fill it. */
function filled(
  deployment: Deployment,
  evaluator: EvaluatorName,
  controls: readonly Control[],
): StackResources {
  const filling = rules(deployment, evaluator, controls);
  return {
    ...queuePair(deployment.parameters, evaluator, sizeOf(evaluator).timeout, [
      ...Object.keys(filling),
      canaryRuleOf(deployment, evaluator),
    ]),
    ...filling,
  };
}

/**
 * A queue and its dead letters.
 * @param timeout of the function behind it, in seconds.
 * @param rules the logical ids of the EventBridge rules that fill it.
 */
export function queuePair(
  parameters: Parameters,
  name: Queue,
  timeout: number,
  rules: readonly string[] = [],
): StackResources {
  const { stage } = parameters;
  const from = (queue: string) => (rules.length === 0 ? [] : [fromEvents('FromRule', queue, rules)]);
  return {
    [ids.queue(name)]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: queueNameOf(stage, name),
        VisibilityTimeout: 6 * timeout,
        MessageRetentionPeriod: retentions.messages,
        ...encryption(parameters),
        RedrivePolicy: { deadLetterTargetArn: arnOf(ids.deadLetters(name)), maxReceiveCount },
      },
    },
    [ids.deadLetters(name)]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: deadLetterQueueNameOf(stage, name),
        MessageRetentionPeriod: retentions.deadLetters,
        ...encryption(parameters),
        RedriveAllowPolicy: {
          redrivePermission: 'byQueue',
          // By its name: its ARN as an attribute would make the two queues refer to each other.
          sourceQueueArns: [localArn('sqs', queueNameOf(stage, name))],
        },
      },
    },
    [`${ids.queue(name)}Policy`]: queuePolicy(ids.queue(name), from(ids.queue(name))),
    [`${ids.deadLetters(name)}Policy`]: queuePolicy(ids.deadLetters(name), from(ids.deadLetters(name))),
  };
}

/** SQS's own keys cost nothing and need no permission; a customer's key is asked for a data key every five minutes. */
export function encryption({ kmsKeyArn }: Parameters): { readonly [property: string]: Value } {
  return kmsKeyArn === undefined
    ? { SqsManagedSseEnabled: true }
    : { KmsMasterKeyId: kmsKeyArn, KmsDataKeyReusePeriodSeconds: 300 };
}

/**
 * Lets rules, or a bus, send to a queue.
 * @param from their logical ids, one at least.
 * Source: Amazon EventBridge User Guide, "Amazon SQS permissions".
 */
export function fromEvents(sid: string, queue: string, from: readonly string[]): Statement {
  const [source, ...others] = from.map(arnOf);
  if (source === undefined) throw new TypeError(`no rule or bus is named that sends to ${queue}`);
  return {
    ...allow(sid, ['sqs:SendMessage'], arnOf(queue), {
      ArnEquals: { 'aws:SourceArn': others.length === 0 ? source : [source, ...others] },
      StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
    }),
    Principal: { Service: 'events.amazonaws.com' },
  };
}

/** All that reads or writes a queue's messages. */
const messageActions = [
  'sqs:SendMessage',
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibility',
  'sqs:GetQueueAttributes',
  'sqs:PurgeQueue',
  'sqs:StartMessageMoveTask',
];

export function queuePolicy(queue: string, statements: readonly Statement[]): StackResource {
  const secure: Statement = {
    Sid: 'OnlyByTls',
    Effect: 'Deny',
    Principal: '*',
    Action: messageActions,
    Resource: arnOf(queue),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [ref(queue)], PolicyDocument: policyDocument([...statements, secure]) },
  };
}

/** One rule for calls and service events; sign-ins, and what actors do whatever the call, have one of their own each. */
function rules(
  { parameters: { stage }, services }: Deployment,
  evaluator: EvaluatorName,
  controls: readonly Control[],
): StackResources {
  const patterns = eventPatterns(controls, services);
  return Object.fromEntries(
    patterns.map(({ source, detail, ...rest }, index): [string, StackResource] => [
      ids.rule(evaluator, index),
      {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: ruleName(stage, evaluator, index),
          Description: `Brings Trailseal the CloudTrail events that its ${evaluator} controls declare`,
          State: 'ENABLED',
          EventPattern: { source, ...rest, detail: { ...detail } },
          Targets: [queueTarget(evaluator)],
        },
      },
    ]),
  );
}

/** Source: Amazon EventBridge User Guide, "EventBridge quotas" (targets of a rule). */
const mostTargets = 5;

/** The logical id of the rule that brings an evaluator the canary. */
function canaryRuleOf({ controls }: Deployment, evaluator: EvaluatorName): string {
  return ids.canaryRule(Math.floor([...controls.keys()].indexOf(evaluator) / mostTargets));
}

/** One rule for five evaluators: the canary, by a pattern that matches it alone. */
function canaryRules(deployment: Deployment): StackResources {
  const { parameters, controls } = deployment;
  const { stage } = parameters;
  const byRule = Map.groupBy(controls.keys(), (evaluator) => canaryRuleOf(deployment, evaluator));
  return Object.fromEntries(
    [...byRule].map(([id, evaluators], index): [string, StackResource] => [
      id,
      {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: canaryRuleName(stage, index),
          Description:
            'Brings Trailseal’s evaluators the canary by which its watchdog tests that they receive events',
          State: 'ENABLED',
          EventPattern: canaryPattern(localArn('lambda', `function:${watchdogName(stage)}`)),
          // An id for each: a rule's targets are told apart by them.
          Targets: evaluators.map((evaluator) => ({ ...queueTarget(evaluator), Id: `queue-${evaluator}` })),
        },
      },
    ]),
  );
}

/** A queue as the target of a rule. */
export function queueTarget(name: Queue): { readonly [key: string]: Value } {
  return {
    Id: 'queue',
    Arn: arnOf(ids.queue(name)),
    DeadLetterConfig: { Arn: arnOf(ids.deadLetters(name)) },
    // EventBridge's own defaults, written down: nothing is given up before a day has passed.
    RetryPolicy: { MaximumEventAgeInSeconds: day, MaximumRetryAttempts: 185 },
  };
}

function schedule({ stage, scanSchedule, kmsKeyArn }: Parameters): StackResources {
  const window = Math.max(1, Math.min(15, Math.floor(scanSchedule.minutes / 4)));
  return {
    [ids.schedule]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: scheduleName(stage),
        Description: 'Starts Trailseal’s scheduled scan of everything that its controls evaluate',
        State: 'ENABLED',
        ScheduleExpression: scanSchedule.expression,
        // So that many accounts with the same deployment do not scan in the same minute.
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: window },
        Target: {
          Arn: arnOf(ids.queue('scan')),
          RoleArn: arnOf(ids.scheduleRole),
          Input: JSON.stringify(scheduledScanBody()),
          DeadLetterConfig: { Arn: arnOf(ids.deadLetters('scan')) },
          RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 10 },
        },
      },
    },
    [ids.scheduleRole]: scheduleRole({
      queue: 'scan',
      description: 'Lets EventBridge Scheduler start a scheduled scan of Trailseal',
      group: 'default',
      policy: 'start-a-scan',
      sid: 'StartAScan',
      kmsKeyArn,
    }),
  };
}

interface ScheduleRole {
  readonly queue: Queue;
  readonly description: string;
  /** The group of schedules that may take the role. */
  readonly group: string;
  readonly policy: string;
  readonly sid: string;
  readonly kmsKeyArn: string | undefined;
}

/** The role with which schedules send to a queue, or to its dead letters, and nothing else. */
export function scheduleRole({
  queue,
  description,
  group,
  policy,
  sid,
  kmsKeyArn,
}: ScheduleRole): StackResource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: description,
      // Source: EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler".
      AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', {
        StringEquals: {
          'aws:SourceAccount': ref('AWS::AccountId'),
          'aws:SourceArn': localArn('scheduler', `schedule-group/${group}`),
        },
      }),
      Policies: [
        {
          PolicyName: policy,
          PolicyDocument: policyDocument([
            allow(sid, ['sqs:SendMessage'], [arnOf(ids.queue(queue)), arnOf(ids.deadLetters(queue))]),
            ...(kmsKeyArn === undefined
              ? []
              : [
                  allow('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], kmsKeyArn, {
                    StringEquals: { 'kms:ViaService': endpointOf('sqs') },
                  }),
                ]),
          ]),
        },
      ],
    },
  };
}
