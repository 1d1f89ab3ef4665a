/**
 * What the function may do that remediates: what the actions declare that the policy asks for or that operators may order,
 * on as little as AWS can be told, and what decides about them.
 */

import { killSwitchName, scheduleGroupName } from '../../lib/aws/names.ts';
import type { ActionId, AnyAction } from '../../lib/core/action.ts';
import type { Control, ResourceType } from '../../lib/core/control.ts';
import { usesTags } from '../../lib/policy/decide/tags.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import { runHistoryPermissions } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { killSwitchPermission } from '../../lib/remediation/kill-switch.ts';
import { limiterPermissions } from '../../lib/remediation/limiter.ts';
import { workflowPermission } from '../../lib/remediation/workflow.ts';
import { permissionsFor, tagPermissionsFor } from '../../lib/services/readers.ts';
import { tagAdapterOf } from '../../lib/services/tags.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants, reads } from '../grants.ts';
import { ids } from '../ids.ts';
import { arnOf, localArn } from '../template.ts';
import { putEvents } from './publishing.ts';
import { undoing, writes } from './writes.ts';

export async function remediating(deployment: Deployment): Promise<readonly Grant[]> {
  const wanted = wantedOf(deployment);
  return [
    ...(await reading(wanted, deployment.policy)),
    ...wanted.flatMap((one) => writes(one.definition.id, one.writes, one.controls, deployment.policy)),
    ...(deployment.policy.customActions.includes('undo') ? wanted.flatMap(takingBack) : []),
    ...deciding(deployment),
    ...gracePeriodEnd(deployment),
  ];
}

interface Wanted {
  readonly definition: AnyAction;
  readonly controls: readonly Control[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/**
 * The actions that change something, which the policy asks for or operators may order. Of those of tags, only what the
 * resources of the controls have.
 */
function wantedOf({ actions, requested }: Deployment): readonly Wanted[] {
  return [...new Set([...actions.keys(), ...requested.keys()])].flatMap((action) => {
    if (action === 'notify') return [];
    const definition = definitionOf(action);
    const ordering = action === 'tag' ? [] : (requested.get(action) ?? []);
    const controls = [...new Set([...(actions.get(action) ?? []), ...ordering])];
    const { permissions, undo } = definition;
    // The policy itself takes tags away; all else is taken back only where people ask for it.
    const untagging = definition.id === 'tag' && undo.kind === 'restores' ? undo.permissions : [];
    const all = [...new Set([...permissions.reads, ...permissions.writes, ...untagging])];
    const tagging = new Set(controls.flatMap(({ resourceType }) => tagPermissions(resourceType)));
    const needed = definition.id === 'tag' ? all.filter((one) => tagging.has(one)) : all;
    return [
      {
        definition,
        controls,
        reads: needed.filter((one) => permissions.reads.includes(one)),
        writes: needed.filter((one) => !permissions.reads.includes(one)),
      },
    ];
  });
}

/** What tagging resources of this type needs, reads included. */
function tagPermissions(type: ResourceType): readonly string[] {
  const adapter = tagAdapterOf(type);
  if (adapter === undefined) return [];
  const { reads, set, remove } = adapter.permissions;
  return [...reads, set, remove];
}

/** Those of whom operators may order an undo: for the others people have permissions of their own. */
function takingBack({ definition: { id, permissions, undo }, controls }: Wanted): readonly Grant[] {
  if (id === 'tag' || undo.kind !== 'restores') return [];
  const needed = undo.permissions.filter((one) => !permissions.reads.includes(one));
  return undoing(id, needed, controls);
}

function definitionOf(action: ActionId): AnyAction {
  const definition = actionOf(action);
  if (definition === undefined) throw new TypeError(`there is no action ${action}`);
  return definition;
}

/** The facts are read again before anything is done, and the actions look before they write, and afterwards. */
function reading(wanted: readonly Wanted[], policy: Policy): Promise<readonly Grant[]> {
  const controls = [...new Set(wanted.flatMap((one) => one.controls))];
  const facts = [...new Set(controls.flatMap((control) => control.facts))];
  const byTags = controls.filter(({ id }) => usesTags(policy, id));
  const ofTags = tagPermissionsFor(byTags.map(({ resourceType }) => resourceType));
  const ofFacts = permissionsFor(facts);
  const all = [...new Set([...ofFacts, ...ofTags, ...wanted.flatMap((one) => one.reads)])].sort();
  return Promise.all(
    all.map((action) => {
      const needing = wanted
        .filter((one) => one.reads.includes(action))
        .map(({ definition }) => definition.id);
      const why = [
        ...(ofFacts.includes(action) ? ['facts of what failed'] : []),
        ...(ofTags.includes(action) ? ['tags, by which the policy goes'] : []),
        ...needing,
      ];
      return reads(action, why.join(', '));
    }),
  );
}

function deciding({ parameters: { stage } }: Deployment): readonly Grant[] {
  const table = ['dynamodb:BatchGetItem', ...runHistoryPermissions, ...limiterPermissions];
  return [
    ...grants('StateTable', [...new Set(table)].sort(), {
      resource: arnOf(ids.stateTable),
      why: 'the finding, what is remembered of keys, the run history, the limits',
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
    putEvents('what was done is told on Trailseal’s own bus'),
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
