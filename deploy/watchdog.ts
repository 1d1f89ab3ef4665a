/**
 * The dead man's switch: a function that looks for silent parts of the deployment, and the schedule that runs it. It has no
 * queue: a check that is lost is made up for by the next one, and where none comes, its alarm fires.
 */

import { watchdogName } from '../lib/aws/names.ts';
import { isObject, list, text } from '../lib/core/json.ts';
import { checkMinutes } from '../lib/pipeline/live/watchdog/alarm.ts';
import type { WatchedParts, WatchedRule } from '../lib/pipeline/live/watchdog/silence.ts';
import { alarmTarget } from './alarm-target.ts';
import { common, environment, type FunctionProperties } from './common.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import { functionNameOf, isWatchdog } from './parts.ts';
import { queues } from './queues.ts';
import { bus } from './remediation/bus.ts';
import { customActions } from './remediation/custom-actions.ts';
import { revertingCalls } from './remediation/reverting-calls.ts';
import { allow, policyDocument, trust } from './statements.ts';
import { arnOf, localArn, ref, type StackResource, type StackResources } from './template.ts';

export function watchdogFunction(deployment: Deployment): FunctionProperties {
  const target = alarmTarget(deployment.parameters);
  return {
    ...common(deployment, 'watchdog'),
    description: 'Looks for silent parts of Trailseal, and names them in its alarm',
    timeout: 120,
    memorySize: 256,
    environment: {
      ...environment(deployment, 'watchdog'),
      TRAILSEAL_TABLE: ref(ids.stateTable),
      ...(target === undefined ? {} : { TRAILSEAL_ALARM_TOPIC: target }),
      TRAILSEAL_WATCHED: JSON.stringify(watchedParts(deployment)),
    },
    events: [],
  };
}

/** All rules, mappings and schedules of the stack but its own: without its own, the alarm fires. */
export function watchedParts(deployment: Deployment): WatchedParts {
  const { parameters, functions, controls } = deployment;
  const filling = {
    ...queues(deployment),
    ...bus(deployment),
    ...customActions(deployment),
    ...revertingCalls(deployment),
  };
  const resources = Object.values(filling);
  return {
    rules: resources.flatMap((resource) => ruleIn(resource, filling)),
    functions: functions
      .filter((name) => !isWatchdog(name))
      .map((name) => functionNameOf(parameters.stage, name)),
    schedules: resources
      .filter(({ Type }) => Type === 'AWS::Scheduler::Schedule')
      .flatMap(({ Properties }) => text(Properties, 'Name') ?? []),
    evaluators: [...controls.keys()],
    scanMinutes: parameters.scanSchedule.minutes,
  };
}

function ruleIn({ Type, Properties }: StackResource, resources: StackResources): readonly WatchedRule[] {
  const name = text(Properties, 'Name');
  if (Type !== 'AWS::Events::Rule' || name === undefined) return [];
  const nameOf = (logicalId: unknown, property: string): string => {
    const found = text(resources[String(logicalId)]?.Properties, property);
    if (found === undefined)
      throw new TypeError(`${name} refers to ${String(logicalId)}, which has no ${property}`);
    return found;
  };
  const { EventBusName: on } = Properties;
  return [
    {
      name,
      ...(isObject(on) ? { bus: nameOf(on['Ref'], 'Name') } : {}),
      queues: list(Properties, 'Targets').map((target) =>
        nameOf(list(target, 'Arn', 'Fn::GetAtt')[0], 'QueueName'),
      ),
    },
  ];
}

export function watchdog({ parameters: { stage } }: Deployment): StackResources {
  const functionArn = localArn('lambda', `function:${watchdogName(stage)}`);
  return {
    [ids.watchdogSchedule]: {
      Type: 'AWS::Scheduler::Schedule',
      DependsOn: [ids.function('watchdog')],
      Properties: {
        Name: watchdogName(stage),
        Description: 'Has Trailseal’s watchdog look for silent parts',
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
