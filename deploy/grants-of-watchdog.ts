/** What the watchdog may do, and what it needs others to record. */

import { canaryTag } from '../lib/aws/canary.ts';
import {
  busName,
  type Stage,
  scheduleName,
  silenceAlarmName,
  stackName,
  tableName,
  watchdogName,
} from '../lib/aws/names.ts';
import { heartbeatKeyPrefix, heartbeatPermissions } from '../lib/findings/state/heartbeats.ts';
import { alarmPermissions } from '../lib/pipeline/live/watchdog/alarm.ts';
import { canaryPermission } from '../lib/pipeline/live/watchdog/check.ts';
import { observePermissions } from '../lib/pipeline/live/watchdog/observe.ts';
import { alarmTarget } from './alarm-target.ts';
import type { Deployment } from './context.ts';
import { type Grant, grants, ofThisRegion } from './grants.ts';
import { localArn } from './template.ts';

/** The items of signs of life alone, by their partition keys. Source: Amazon DynamoDB Developer Guide, "Using IAM policy conditions". */
function ofHeartbeats(stage: Stage) {
  return {
    resource: localArn('dynamodb', `table/${tableName(stage)}`),
    condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': `${heartbeatKeyPrefix}*` },
      // Which is true of no keys at all, too.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  } as const;
}

/** For the scheduled scan: that it ran is recorded. Evaluators write to the state table anyway. */
export function recordingHeartbeats({ parameters }: Deployment): Grant {
  return {
    sid: 'RecordHeartbeats',
    action: heartbeatPermissions.write,
    ...ofHeartbeats(parameters.stage),
    why: 'what is done of the scheduled scan is recorded, so that silence is noticed',
  };
}

/** What the watchdog may do: read what it watches, write one tag on itself, and the text of its own alarm. */
export function watching({ parameters }: Deployment): readonly Grant[] {
  const { stage } = parameters;
  const target = alarmTarget(parameters);
  const alarm = localArn('cloudwatch', `alarm:${silenceAlarmName(stage)}`);
  return [
    ...grants('ReadRules', observePermissions.rules, {
      // Those on the default bus, and those on the deployment's own.
      resource: ['', `${busName(stage)}/`].map((on) => localArn('events', `rule/${on}${stackName(stage)}-*`)),
      why: 'whether the rules are on, and fill their queues',
    }),
    ...grants('ReadMappings', observePermissions.mappings, {
      ...ofThisRegion,
      why: 'whether the functions read their queues',
    }),
    ...grants('ReadSchedules', observePermissions.schedules, {
      resource: localArn('scheduler', `schedule/default/${scheduleName(stage)}`),
      why: 'whether the scheduled scan is on',
    }),
    ...grants('Heartbeats', Object.values(heartbeatPermissions), {
      ...ofHeartbeats(stage),
      why: 'when the scheduled scan was done, and which canaries arrived',
    }),
    {
      sid: 'SendCanary',
      action: canaryPermission,
      resource: localArn('lambda', `function:${watchdogName(stage)}`),
      condition: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': canaryTag },
        Null: { 'aws:TagKeys': 'false' },
      },
      why: 'the canary: one tag on this function itself',
    },
    {
      sid: 'SetAlarmBack',
      action: alarmPermissions.setBack,
      resource: alarm,
      why: 'its own alarm is set back where another part becomes silent, so that it notifies anew',
    },
    {
      sid: 'NameInAlarm',
      action: alarmPermissions.write,
      resource: alarm,
      // An update names the alarm's actions again: no others than the deployment's own.
      condition:
        target === undefined
          ? { Null: { 'cloudwatch:AlarmActions': 'true' } }
          : { 'ForAllValues:StringEquals': { 'cloudwatch:AlarmActions': target } },
      why: 'the text of its own alarm names what is silent',
    },
  ];
}
