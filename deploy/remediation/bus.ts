/**
 * Trailseal's own bus, and the rules and queues that bring its events to the functions. Every hop has a dead-letter queue.
 * Sources: Amazon EventBridge User Guide, "Using dead-letter queues", "Encrypting EventBridge event buses with AWS KMS
 * keys".
 */
import { busName, type ListenerName, listenerRuleName } from '../../lib/aws/names.ts';
import { actionDetailTypes } from '../../lib/remediation/events/action-event.ts';
import { detailTypes, transitionSource } from '../../lib/remediation/events/transition.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { deadLetterQueueNameOf, isListener } from '../parts.ts';
import { encryption, fromEvents, queuePair, queuePolicy, queueTarget, retentions } from '../queues.ts';
import { arnOf, ref, type StackResources, type Value } from '../template.ts';
import { actingTimeouts } from './functions.ts';
import { revertingCallsPattern } from './reverting-calls.ts';

/** The events that each gets. What is UNKNOWN is never acted on. */
const patterns: Readonly<Record<ListenerName, { readonly [member: string]: Value }>> = {
  remediate: { 'detail-type': [detailTypes.failed, detailTypes.passed, detailTypes.deleted] },
  notify: { 'detail-type': [...Object.values(detailTypes), ...Object.values(actionDetailTypes)] },
  operator: {
    'detail-type': [...Object.values(actionDetailTypes)],
    detail: { decision: { actor: ['operator'] } },
  },
};

const descriptions: Readonly<Record<ListenerName, string>> = {
  remediate: 'Brings Trailseal’s remediation the findings that were opened or closed',
  notify: 'Brings Trailseal’s notifications every event that people may be notified of',
  operator: 'Brings Trailseal the results of requested actions',
};

export function bus(deployment: Deployment): StackResources {
  const { parameters, functions } = deployment;
  if (!functions.includes('transitions')) return {};
  const { stage, kmsKeyArn } = parameters;
  const { deadLetters } = ids;
  return {
    [ids.bus]: {
      Type: 'AWS::Events::EventBus',
      Properties: {
        Name: busName(stage),
        Description: 'Transitions of Trailseal’s findings, and its actions on them',
        // An event that can't be encrypted or decrypted without the key is not lost.
        ...(kmsKeyArn === undefined
          ? {}
          : { KmsKeyIdentifier: kmsKeyArn, DeadLetterConfig: { Arn: arnOf(deadLetters('transitions')) } }),
      },
    },
    [deadLetters('transitions')]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: deadLetterQueueNameOf(stage, 'transitions'),
        MessageRetentionPeriod: retentions.deadLetters,
        ...encryption(parameters),
        RedriveAllowPolicy: { redrivePermission: 'denyAll' },
      },
    },
    [`${deadLetters('transitions')}Policy`]: queuePolicy(
      deadLetters('transitions'),
      kmsKeyArn === undefined ? [] : [fromEvents('FromBus', deadLetters('transitions'), [ids.bus])],
    ),
    ...Object.assign({}, ...functions.filter(isListener).map((name) => listener(deployment, name))),
  };
}

function listener(deployment: Deployment, name: ListenerName): StackResources {
  const { parameters } = deployment;
  const rule = ids.rule(name);
  // Without remediation no requested action has a result that comes by the bus.
  if (name === 'operator' && !deployment.functions.includes('remediate')) return {};
  // Calls by which somebody may have reverted an action come from the default bus.
  const reverting = name === 'remediate' && revertingCallsPattern(deployment) !== undefined;
  const filling = reverting ? [rule, ids.revertingCalls] : [rule];
  return {
    // The operator's queue is filled by another rule, too.
    ...(name === 'operator' ? {} : queuePair(parameters, name, actingTimeouts[name], filling)),
    [rule]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: listenerRuleName(parameters.stage, name),
        Description: descriptions[name],
        EventBusName: ref(ids.bus),
        State: 'ENABLED',
        EventPattern: { source: [transitionSource], ...patterns[name] },
        Targets: [queueTarget(name)],
      },
    },
  };
}
