/** Checks the parts of a deployment that carry out actions: change stream, event bus, listeners. Pure. */
import {
  busName,
  customActionResource,
  type ListenerName,
  listenerRuleName,
  revertingCallsRuleName,
  stackName,
  tableName,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
} from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import type { Action, Control } from '../../lib/core/control.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { at } from '../../lib/core/json.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import { type AllowedCustomAction, customActionsOf, isRequestable } from '../../lib/policy/custom-actions.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { kindOf } from '../../lib/policy/model.ts';
import { revertingCallsPattern } from '../../lib/remediation/reverting-calls.ts';
import type { Answer, NoAnswer } from '../aws/answer.ts';
import { assessCustomActions, assessGuards, assessNotifications } from './action-guards.ts';
import { type CheckResult, deployCommand, ok, problem, unknownFor, word } from './check.ts';
import type { ObservedListener, ObservedRegion, ObservedRule, ObservedTransitions } from './observed.ts';
import {
  assessBehindQueue,
  assessDeadLetters,
  assessFunction,
  assessTarget,
  exists,
  logCommand,
  type QueuedStackPart,
  queuedPart,
  type StackPart,
} from './parts.ts';
import { assessRule } from './rules.ts';

/** The parts that a deployment has for the actions and custom actions of its policy. */
export interface ActionParts {
  /** Whether changes of findings are published on the event bus. */
  readonly transitions: boolean;
  readonly listeners: readonly ListenerName[];
  readonly customActions: readonly CustomActionName[];
  /** The pattern of the calls by which somebody may have reverted an action; left out where no action declares any. */
  readonly revertingCalls?: EventPattern;
  /** The actions whose permissions IAM can't narrow, and that the policy allows by name. */
  readonly broadPermissions?: readonly Action[];
}

/**
 * @param controls those that are evaluated.
 * @returns the parts; `deploy/context.ts` determines the same for the template, and a test compares the two.
 */
export function actionPartsOf(policy: Policy, controls: readonly Control[]): ActionParts {
  const actions = controls.flatMap(({ id }) => policy.controls.get(id)?.actions ?? []);
  const changes =
    actions.some((action) => kindOf(action) !== undefined) || policy.customActions.some(changesResources);
  const notifies = changes || actions.length > 0;
  const revertingCalls = changes ? revertingCallsPattern(policy, controls) : undefined;
  return {
    transitions: notifies,
    listeners: [
      ...(changes ? (['remediate'] as const) : []),
      ...(notifies ? (['notify'] as const) : []),
      ...(policy.customActions.length > 0 ? (['operator'] as const) : []),
    ],
    customActions: customActionsOf(policy.customActions),
    ...(revertingCalls === undefined ? {} : { revertingCalls }),
    ...(policy.broadPermissions.length === 0 ? {} : { broadPermissions: policy.broadPermissions }),
  };
}

function changesResources(request: AllowedCustomAction): boolean {
  return request === 'undo' || (request !== 're-check' && request !== 'exempt' && isRequestable(request));
}

/** The checks of the parts; where none is deployed, that is one check. */
export function assessActions(observed: ObservedRegion, stage: string): CheckResult[] {
  const { actions, region } = observed;
  if (actions === undefined) return [];
  const { transitions, listeners, guards, notifications, customActions, broadPermissions = [] } = actions;
  const parts = [
    ...(transitions === undefined ? [] : partsOf(transitions)),
    ...listeners.flatMap(partsOfListener),
  ];
  if (!parts.some(exists)) {
    const unanswered = parts.flatMap((part): NoAnswer[] => (part.known ? [] : [part]));
    if (unanswered.length > 0) return [unknownFor('deployment/actions', unanswered)];
    const message = `the policy has actions or custom actions, but ${stackName(stage)} has no part that carries them out`;
    return [
      problem('fail', 'deployment/actions', message, 'deploy this policy', [deployCommand(stage, region)]),
    ];
  }
  return [
    ...(transitions === undefined ? [] : assessTransitions(transitions, observed, stage)),
    ...listeners.flatMap((listener) => assessListener(listener, observed, stage)),
    ...(guards === undefined ? [] : assessGuards(guards, { stage, region })),
    ...(broadPermissions.length === 0 ? [] : [assessBroadPermissions(broadPermissions)]),
    ...(notifications === undefined ? [] : [assessNotifications(notifications)]),
    ...(customActions === undefined ? [] : assessCustomActions(customActions, observed, stage)),
  ];
}

/** It is the policy's decision, and no fault: whoever reads this is to know of it. */
function assessBroadPermissions(actions: readonly Action[]): CheckResult {
  const names = new Intl.ListFormat('en-GB').format(actions);
  return ok(
    'broad-permissions',
    `the policy allows permissions that IAM cannot narrow for ${names}, each with a role of its own: docs/roles.md has the worst that these allow`,
  );
}

function partsOf({ bus, found, deadLetters }: ObservedTransitions): readonly Answer<unknown>[] {
  return [bus, found, deadLetters];
}

function partsOfListener(listener: ObservedListener): readonly Answer<unknown>[] {
  const { rules, revertingCalls, queues, found } = listener;
  return [
    ...rules.map(({ rule }) => rule),
    ...(revertingCalls === undefined ? [] : [revertingCalls.rule]),
    queues.queue,
    queues.deadLetters,
    found,
  ];
}

function assessTransitions(
  { bus, found, deadLetters }: ObservedTransitions,
  { account, region }: ObservedRegion,
  stage: string,
): CheckResult[] {
  const part: StackPart = {
    name: 'transitions',
    stage,
    account,
    region,
    functionName: transitionsFunctionName(stage),
    deadLetterQueueName: transitionsDeadLetterQueueName(stage),
    lost: 'these changes of findings were neither published nor acted on',
  };
  const stream = arnOf('dynamodb', region, account, `table/${tableName(stage)}/stream/`);
  return [
    assessBus(bus, stage, region),
    assessFunction(part, found, {
      called: 'the stream of the state table',
      is: (arn) => arn?.startsWith(stream) === true,
    }),
    // Lambda stores positions in the stream here, not messages that could be sent again.
    assessDeadLetters(
      part,
      deadLetters,
      'read the cause in the log and correct it; the stream keeps the changes for a day',
      [logCommand(part.functionName, region)],
    ),
  ];
}

function assessBus(bus: Answer<true | undefined>, stage: string, region: string): CheckResult {
  const name = busName(stage);
  if (!bus.known) return unknownFor('bus', [bus]);
  if (bus.value === true) return ok('bus', `the event bus ${name} exists`);
  return problem(
    'fail',
    'bus',
    `there is no event bus ${name}: nothing is published or acted on`,
    'deploy again',
    [deployCommand(stage, region)],
  );
}

/** What it means for each listener that a message is in its DLQ, and that it does not run. */
const consequences: Readonly<Record<ListenerName, { readonly lost: string; readonly idle: string }>> = {
  remediate: { lost: 'the changes in them were not acted on', idle: 'no action is carried out' },
  notify: { lost: 'nobody was notified of the changes in them', idle: 'nobody is notified' },
  operator: {
    lost: 'the custom actions in them were not carried out, or their outcome was not noted',
    idle: 'no custom action is received',
  },
};

function assessListener(listener: ObservedListener, observed: ObservedRegion, stage: string): CheckResult[] {
  const { name, rules, revertingCalls, queues, found } = listener;
  const { lost, idle } = consequences[name];
  if (partsOfListener(listener).every((part) => part.known && part.value === undefined)) {
    const message = `the policy needs ${name}, which ${stackName(stage)} does not have: ${idle}`;
    return [
      problem('fail', `deployment/${name}`, message, 'deploy this policy', [
        deployCommand(stage, observed.region),
      ]),
    ];
  }
  const part = queuedPart(stage, observed, name, lost);
  return [
    ...rules.map((rule) => assessListenerRule(rule, listener, part, observed)),
    ...(revertingCalls === undefined
      ? []
      : [
          assessRule(revertingCalls.rule, part, {
            id: `rule/${name}/reverting-calls`,
            rule: revertingCallsRuleName(stage),
            pattern: revertingCalls.pattern,
            matches: 'the calls by which somebody may revert an action',
            idle: 'an action that somebody reverts is noticed by the scheduled scan at the earliest',
          }),
        ]),
    ...assessBehindQueue(part, { found, ...queues }),
  ];
}

function assessListenerRule(
  { bus, rule }: ObservedRule,
  { name }: ObservedListener,
  part: QueuedStackPart,
  observed: ObservedRegion,
): CheckResult {
  const { stage, region } = part;
  const ruleCalled = listenerRuleName(stage, name);
  // `operator` has one on each of two buses.
  const id = name === 'operator' && bus === 'own' ? 'rule/operator/results' : `rule/${name}`;
  const which = `rule ${ruleCalled} on ${bus === 'own' ? `the event bus ${busName(stage)}` : 'the default event bus'}`;
  const again = [deployCommand(stage, region)];
  if (!rule.known) return unknownFor(id, [rule]);
  if (rule.value === undefined) return problem('fail', id, `there is no ${which}`, 'deploy again', again);
  const { state, targets, pattern } = rule.value;
  if (state === 'DISABLED') {
    const on = bus === 'own' ? ` --event-bus-name ${word(busName(stage))}` : '';
    return problem('fail', id, `the ${which} is disabled: ${consequences[name].idle}`, 'enable it', [
      `aws events enable-rule --region ${word(region)} --name ${word(ruleCalled)}${on}`,
    ]);
  }
  const missing = bus === 'default' ? customActionsMissingIn(pattern, observed, stage) : [];
  if (missing.length > 0) {
    const message = `the ${which} is from another version or policy: it does not match the custom actions ${missing.join(', ')}`;
    return problem('fail', id, message, 'deploy again', again);
  }
  return (
    assessTarget(part, id, ruleCalled, targets) ?? ok(id, `the ${which} is enabled and targets its queue`)
  );
}

/** The custom actions of the policy whose ARNs the pattern does not list. */
function customActionsMissingIn(
  pattern: string | undefined,
  { actions, account, region }: ObservedRegion,
  stage: string,
): readonly string[] {
  const resources = at(parsed(pattern), 'resources');
  const arns: readonly unknown[] = Array.isArray(resources) ? resources : [];
  return (actions?.customActions?.wanted ?? []).filter(
    (customAction) =>
      !arns.includes(arnOf('securityhub', region, account, customActionResource(stage, customAction))),
  );
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    // EventBridge accepts only JSON; a pattern that is not JSON lists no custom action.
    return undefined;
  }
}
