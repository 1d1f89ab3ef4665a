/**
 * What the function that remediates may do itself: read what it decides by, and what the actions read before and after
 * they write. It writes to resources with the roles of the services alone (`write-roles.ts`).
 */

import { killSwitchName, scheduleGroupName } from '../../lib/aws/names.ts';
import { begunPermissions } from '../../lib/findings/state/begun-deliveries.ts';
import { usesTags } from '../../lib/policy/decide/tags.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { requestPermissions } from '../../lib/remediation/action-request-record.ts';
import { runHistoryPermissions } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { gracePeriodRecordPermissions } from '../../lib/remediation/grace-period-record.ts';
import { killSwitchPermission } from '../../lib/remediation/kill-switch.ts';
import { limiterPermissions } from '../../lib/remediation/limiter.ts';
import { workflowPermission } from '../../lib/remediation/workflow.ts';
import { permissionsFor, tagPermissionsFor } from '../../lib/services/readers.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants, reads } from '../grants.ts';
import { ids } from '../ids.ts';
import { stateTableArn } from '../state-table.ts';
import { arnOf, localArn } from '../template.ts';
import { putEvents } from './publishing.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export async function remediating(deployment: Deployment): Promise<readonly Grant[]> {
  return [
    ...(await reading(wantedOf(deployment), deployment.policy)),
    ...deciding(deployment),
    ...gracePeriodEnd(deployment),
  ];
}

/** The facts are read again before anything is done, and the actions read before they write, and afterwards. */
function reading(wanted: readonly Wanted[], policy: Policy): Promise<readonly Grant[]> {
  const controls = [...new Set(wanted.flatMap((one) => one.controls))];
  const facts = [...new Set(controls.flatMap((control) => control.facts))];
  const byTags = controls.filter(({ id }) => usesTags(policy, id));
  const ofTags = tagPermissionsFor(byTags.map(({ resourceType }) => resourceType));
  const ofFacts = permissionsFor(facts);
  const all = [...new Set([...ofFacts, ...ofTags, ...wanted.flatMap((one) => one.reads)])].sort();
  return Promise.all(
    all.map((action) => {
      const needing = wanted.filter((one) => one.reads.includes(action));
      const why = [
        ...(ofFacts.includes(action) ? ['facts of what failed'] : []),
        ...(ofTags.includes(action) ? ['tags, by which the policy goes'] : []),
        ...new Set(needing.map(({ definition }) => definition.id)),
      ];
      return reads(action, why.join(', '));
    }),
  );
}

function deciding({ parameters: { stage } }: Deployment): readonly Grant[] {
  const table = [
    'dynamodb:BatchGetItem',
    ...runHistoryPermissions,
    ...limiterPermissions,
    ...gracePeriodRecordPermissions,
    requestPermissions.read,
    ...begunPermissions,
  ];
  return [
    ...grants('StateTable', [...new Set(table)].sort(), {
      resource: stateTableArn(stage),
      why: 'the finding, what is remembered of keys, the run history, grace periods, requests, the limits, deliveries that ended the process',
    }),
    {
      sid: 'ReadKillSwitch',
      action: killSwitchPermission,
      resource: localArn('ssm', `parameter${killSwitchName(stage)}`),
      why: 'the kill switch stops everything',
    },
    {
      sid: 'ReadWorkflow',
      action: workflowPermission,
      resource: localArn('securityhub', 'hub/default'),
      why: 'what operators suppressed is left alone',
    },
    putEvents('what was done is published on Trailseal’s own bus'),
    {
      sid: 'SendAgain',
      action: 'sqs:SendMessage',
      resource: arnOf(ids.queue('remediate')),
      why: 'what is under way is resumed',
    },
  ];
}

/** Sources: EventBridge Scheduler User Guide, "Identity-based policies" (iam:PassRole). */
function gracePeriodEnd({ parameters: { stage } }: Deployment): readonly Grant[] {
  return [
    {
      sid: 'Schedule',
      action: 'scheduler:CreateSchedule',
      resource: localArn('scheduler', `schedule/${scheduleGroupName(stage)}/*`),
      why: 'a message comes at the end of a grace period',
    },
    {
      sid: 'PassRole',
      action: 'iam:PassRole',
      resource: arnOf(ids.graceScheduleRole),
      condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      why: 'schedules send these messages with a role of their own',
    },
  ];
}
