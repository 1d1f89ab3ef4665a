/** Whether what acts upon findings, tells of them and takes orders is deployed and at work. Pure. */

import {
  busName,
  customActionResource,
  type ListenerName,
  listenerRuleName,
  stackName,
  tableName,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
} from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { at } from '../../lib/core/json.ts';
import type { Seen, Unseen } from '../aws/answer.ts';
import { assessCustomActions, assessGuards, assessTold } from './acting-guards.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { ObservedListener, ObservedRegion, ObservedRule, ObservedTransitions } from './observed.ts';
import {
  assessBehindQueue,
  assessDeadLetters,
  assessFunction,
  assessTarget,
  logCommand,
  type Part,
  type QueuedPart,
  queuedPart,
} from './parts.ts';

/** Evaluates it; where nothing of it is deployed, that is one finding. */
export function assessActing(observed: ObservedRegion, stage: string): Finding[] {
  const { acting, region } = observed;
  if (acting === undefined) return [];
  const { transitions, listeners, guards, told, customActionNames } = acting;
  const parts = [
    ...(transitions === undefined ? [] : partsOf(transitions)),
    ...listeners.flatMap(partsOfListener),
  ];
  if (!parts.some(isThere)) {
    const unseen = parts.flatMap((part): Unseen[] => (part.known ? [] : [part]));
    if (unseen.length > 0) return [unknownFor('deployment/acting', unseen)];
    const seen = `the policy asks for actions, or has orders, and nothing that acts is part of ${stackName(stage)}`;
    return [trouble('fail', 'deployment/acting', seen, 'deploy this policy', [deployCommand(stage, region)])];
  }
  return [
    ...(transitions === undefined ? [] : assessTransitions(transitions, observed, stage)),
    ...listeners.flatMap((listener) => assessListener(listener, observed, stage)),
    ...(guards === undefined ? [] : assessGuards(guards, { stage, region })),
    ...(told === undefined ? [] : [assessTold(told)]),
    ...(customActionNames === undefined ? [] : assessCustomActions(customActionNames, observed, stage)),
  ];
}

function partsOf({ bus, found, deadLetters }: ObservedTransitions): readonly Seen<unknown>[] {
  return [bus, found, deadLetters];
}

function partsOfListener({ rules, queues, found }: ObservedListener): readonly Seen<unknown>[] {
  return [...rules.map(({ rule }) => rule), queues.queue, queues.deadLetters, found];
}

function isThere(part: Seen<unknown>): boolean {
  return part.known && part.value !== undefined;
}

function assessTransitions(
  { bus, found, deadLetters }: ObservedTransitions,
  { account, region }: ObservedRegion,
  stage: string,
): Finding[] {
  const part: Part = {
    name: 'transitions',
    stage,
    account,
    region,
    functionName: transitionsFunctionName(stage),
    deadLetterQueueName: transitionsDeadLetterQueueName(stage),
    lost: 'the changes of findings that they name were told to nobody, and not acted on',
  };
  const stream = arnOf('dynamodb', region, account, `table/${tableName(stage)}/stream/`);
  return [
    assessBus(bus, stage, region),
    assessFunction(part, found, {
      called: 'the state table’s stream',
      is: (arn) => arn?.startsWith(stream) === true,
    }),
    // What Lambda leaves there are places in the stream, not messages that could be sent again.
    assessDeadLetters(
      part,
      deadLetters,
      'the log tells why; put that right. The stream keeps for a day what the letters name',
      [logCommand(part.functionName, region)],
    ),
  ];
}

function assessBus(bus: Seen<true | undefined>, stage: string, region: string): Finding {
  const name = busName(stage);
  if (!bus.known) return unknownFor('bus', [bus]);
  if (bus.value === true) return ok('bus', `there is the bus ${name}`);
  return trouble('fail', 'bus', `there is no bus ${name}: nothing is told or acted on`, 'deploy again', [
    deployCommand(stage, region),
  ]);
}

interface Meaning {
  /** What a dead letter means. */
  readonly lost: string;
  /** What it means that it does not run. */
  readonly idle: string;
}

const meanings: Readonly<Record<ListenerName, Meaning>> = {
  remediate: { lost: 'what they tell of was not acted on', idle: 'nothing is done about what fails' },
  notify: { lost: 'people were not told of it', idle: 'people are told of nothing' },
  operator: { lost: 'what operators ordered was not done, or not noted', idle: 'no custom action is heard' },
};

function assessListener(listener: ObservedListener, observed: ObservedRegion, stage: string): Finding[] {
  const { name, rules, queues, found } = listener;
  const { lost, idle } = meanings[name];
  if (partsOfListener(listener).every((part) => part.known && part.value === undefined)) {
    const seen = `the policy needs ${name}, which is no part of ${stackName(stage)}: ${idle}`;
    return [
      trouble('fail', `deployment/${name}`, seen, 'deploy this policy', [
        deployCommand(stage, observed.region),
      ]),
    ];
  }
  const part = queuedPart(stage, observed, name, lost);
  return [
    ...rules.map((rule) => assessRule(rule, listener, part, observed)),
    ...assessBehindQueue(part, { found, ...queues }),
  ];
}

function assessRule(
  { bus, rule }: ObservedRule,
  { name }: ObservedListener,
  part: QueuedPart,
  observed: ObservedRegion,
): Finding {
  const { stage, region } = part;
  const called = listenerRuleName(stage, name);
  // `operator` has one on each of two buses.
  const id = name === 'operator' && bus === 'own' ? 'rule/operator/results' : `rule/${name}`;
  const which = `the rule ${called} on ${bus === 'own' ? `the bus ${busName(stage)}` : 'the default bus'}`;
  const again = [deployCommand(stage, region)];
  if (!rule.known) return unknownFor(id, [rule]);
  if (rule.value === undefined) return trouble('fail', id, `there is not ${which}`, 'deploy again', again);
  const { state, targets, pattern } = rule.value;
  if (state === 'DISABLED') {
    const on = bus === 'own' ? ` --event-bus-name ${word(busName(stage))}` : '';
    return trouble('fail', id, `${which} is disabled: ${meanings[name].idle}`, 'enable it', [
      `aws events enable-rule --region ${word(region)} --name ${word(called)}${on}`,
    ]);
  }
  const unheard = bus === 'default' ? unheardCustomActions(pattern, observed, stage) : [];
  if (unheard.length > 0) {
    const seen = `${which} was deployed from another version or policy: it does not wait for ${unheard.join(', ')}`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  return assessTarget(part, id, called, targets) ?? ok(id, `${which} is enabled and leads to its queue`);
}

/** The custom actions whose ARNs a pattern does not name; it is one that names them exactly. */
function unheardCustomActions(
  pattern: string | undefined,
  { acting, account, region }: ObservedRegion,
  stage: string,
): readonly string[] {
  const resources = at(parsed(pattern), 'resources');
  const named: readonly unknown[] = Array.isArray(resources) ? resources : [];
  return (acting?.customActionNames?.wanted ?? []).filter(
    (customAction) =>
      !named.includes(arnOf('securityhub', region, account, customActionResource(stage, customAction))),
  );
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    // EventBridge takes nothing but JSON; whatever this is, it names no custom action.
    return undefined;
  }
}
