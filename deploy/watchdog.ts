/**
 * The dead man's switch: a function that finds silent parts of the deployment, and the schedule that runs it. It has no
 * queue: a check that is lost is made up for by the next one, and where none comes, its alarm fires.
 */

import { watchdogName } from '../lib/aws/names.ts';
import { at, isObject, list, text } from '../lib/core/json.ts';
import { checkMinutes } from '../lib/pipeline/live/watchdog/alarm.ts';
import { patternDigest } from '../lib/pipeline/live/watchdog/pattern.ts';
import type {
  WatchedFunction,
  WatchedParts,
  WatchedRule,
  WatchedSchedule,
} from '../lib/pipeline/live/watchdog/silence.ts';
import { alarmTarget } from './alarm-target.ts';
import { common, environment, type FunctionProperties } from './common.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { queues } from './queues.ts';
import { bus } from './remediation/bus.ts';
import { customActions } from './remediation/custom-actions.ts';
import { revertingCalls } from './remediation/reverting-calls.ts';
import { allow, policyDocument, trust } from './statements.ts';
import { arnOf, localArn, ref, type StackResource, type StackResources, type Value } from './template.ts';

/** @param reading the functions that read a queue or a stream, in osls's form. */
export function watchdogFunction(
  deployment: Deployment,
  reading: Readonly<Record<string, Value>>,
): FunctionProperties {
  const target = alarmTarget(deployment.parameters);
  return {
    ...common(deployment, 'watchdog'),
    description: 'Finds silent parts of Trailseal, and names them in its alarm',
    timeout: 120,
    memorySize: 256,
    environment: {
      ...environment(deployment, 'watchdog'),
      TRAILSEAL_TABLE: ref(ids.stateTable),
      ...(target === undefined ? {} : { TRAILSEAL_ALARM_TOPIC: target }),
      ...(deployment.functions.includes('transitions')
        ? { TRAILSEAL_STREAM: { 'Fn::GetAtt': [ids.stateTable, 'StreamArn'] } }
        : {}),
      TRAILSEAL_WATCHED: JSON.stringify(watchedParts(deployment, reading)),
    },
    events: [],
  };
}

/** All rules, mappings and schedules of the stack but its own: without its own, the alarm fires. */
function watchedParts(deployment: Deployment, reading: Readonly<Record<string, Value>>): WatchedParts {
  const { parameters, controls } = deployment;
  const filling = {
    ...queues(deployment),
    ...bus(deployment),
    ...customActions(deployment),
    ...revertingCalls(deployment),
  };
  const resources = Object.values(filling);
  return {
    rules: resources.flatMap((resource) => ruleIn(resource, filling)),
    functions: Object.values(reading).map((properties) => readerIn(properties, filling)),
    schedules: resources.flatMap((resource) => scheduleIn(resource, filling)),
    evaluators: [...controls.keys()],
    scanMinutes: parameters.scanSchedule.minutes,
  };
}

function ruleIn({ Type, Properties }: StackResource, resources: StackResources): readonly WatchedRule[] {
  const name = text(Properties, 'Name');
  if (Type !== 'AWS::Events::Rule' || name === undefined) return [];
  const { EventBusName: on } = Properties;
  return [
    {
      name,
      ...(isObject(on) ? { bus: nameOf(on['Ref'], 'Name', resources) } : {}),
      queues: list(Properties, 'Targets').map((target) => queueAt(at(target, 'Arn'), resources)),
      pattern: patternDigest(asText(Properties['EventPattern'])),
    },
  ];
}

/** What its one event source mapping has to be. */
function readerIn(properties: Value, resources: StackResources): WatchedFunction {
  const name = text(properties, 'name');
  const [event, ...others] = list(properties, 'events');
  if (name === undefined || event === undefined || others.length > 0) {
    throw new TypeError(`${name} has not one event source, which the watchdog could watch`);
  }
  const filters = list(event, 'stream', 'filterPatterns');
  return {
    name,
    ...(at(event, 'stream') === undefined ? { queue: queueAt(at(event, 'sqs', 'arn'), resources) } : {}),
    ...(filters.length === 0 ? {} : { filters: patternDigest(asText(filters)) }),
  };
}

function scheduleIn(
  { Type, Properties }: StackResource,
  resources: StackResources,
): readonly WatchedSchedule[] {
  const name = text(Properties, 'Name');
  if (Type !== 'AWS::Scheduler::Schedule' || name === undefined) return [];
  const input: unknown = JSON.parse(text(Properties, 'Target', 'Input') ?? 'null');
  return [
    {
      name,
      expression: text(Properties, 'ScheduleExpression') ?? '',
      queue: queueAt(at(Properties, 'Target', 'Arn'), resources),
      input: patternDigest(input),
    },
  ];
}

/** The name of the queue that an ARN of the template is of. */
function queueAt(arn: unknown, resources: StackResources): string {
  return nameOf(list(arn, 'Fn::GetAtt')[0], 'QueueName', resources);
}

function nameOf(logicalId: unknown, property: string, resources: StackResources): string {
  const found = text(resources[String(logicalId)]?.Properties, property);
  if (found === undefined) throw new TypeError(`${String(logicalId)} has no ${property}`);
  return found;
}

/** A value of the template, with each `Fn::Sub` as its text: the watchdog writes what it finds in the same way. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (!isObject(value)) return value;
  const substituted = text(value, 'Fn::Sub');
  if (substituted !== undefined) return substituted;
  const intrinsic = Object.keys(value).find((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (intrinsic !== undefined)
    throw new TypeError(`the watchdog could not compare a pattern with ${intrinsic}`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
}

export function watchdog({ parameters: { stage } }: Deployment): StackResources {
  const functionArn = localArn('lambda', `function:${watchdogName(stage)}`);
  return {
    [ids.watchdogSchedule]: {
      Type: 'AWS::Scheduler::Schedule',
      DependsOn: [ids.function('watchdog')],
      Properties: {
        Name: watchdogName(stage),
        Description: 'Has Trailseal’s watchdog check for silent parts',
        State: 'ENABLED',
        ScheduleExpression: `rate(${checkMinutes} minutes)`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: functionArn,
          RoleArn: arnOf(ids.watchdogScheduleRole),
          // The next check makes up for it.
          RetryPolicy: { MaximumEventAgeInSeconds: 600, MaximumRetryAttempts: 5 },
        },
      },
    },
    [ids.watchdogScheduleRole]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Description: 'Lets EventBridge Scheduler run the watchdog of Trailseal',
        // Source: EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler".
        AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', {
          StringEquals: {
            'aws:SourceAccount': ref('AWS::AccountId'),
            'aws:SourceArn': localArn('scheduler', 'schedule-group/default'),
          },
        }),
        Policies: [
          {
            PolicyName: 'run-the-watchdog',
            PolicyDocument: policyDocument([allow('RunTheWatchdog', ['lambda:InvokeFunction'], functionArn)]),
          },
        ],
      },
    },
  };
}
