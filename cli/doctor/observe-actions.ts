/** Observes the parts of a deployment that carry out actions. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import {
  busName,
  functionName,
  killSwitchName,
  type ListenerName,
  listenerRuleName,
  revertingCallsRuleName,
  type Stage,
  tableName,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
} from '../../lib/aws/names.ts';
import { isDenial } from '../../lib/aws/reason.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { nameOf, StateTableError } from '../../lib/findings/state/error.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { killSwitchPermission } from '../../lib/remediation/kill-switch.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { type Answer, answered, askIfExists } from '../aws/answer.ts';
import { customActions } from '../custom-actions/security-hub.ts';
import type { assumeOperatorRole } from '../operator/operator-role.ts';
import type { ActionParts } from './actions.ts';
import type { AccountClients, RegionClients } from './clients.ts';
import { deployedFunction, notFound, queuePair, queueState, ruleNamed } from './observe-deployment.ts';
import type {
  DeployedFunction,
  ObservedActions,
  ObservedGuards,
  ObservedListener,
  ObservedNotifications,
  ObservedTransitions,
} from './observed.ts';

type OperatorCredentials = Awaited<ReturnType<typeof assumeOperatorRole>>;

/**
 * @param operator what the state table is read with.
 * @returns `undefined` where the policy needs none of the parts.
 */
export async function observeActions(
  clients: AccountClients,
  region: string,
  stage: Stage,
  wanted: ActionParts,
  operator: OperatorCredentials,
): Promise<ObservedActions | undefined> {
  if (!wanted.transitions && wanted.listeners.length === 0) return undefined;
  const here = clients.of(region);
  const [transitions, listeners, guards, existing] = await Promise.all([
    wanted.transitions ? transitionsOf(here, stage) : undefined,
    Promise.all(wanted.listeners.map((name) => listenerOf(here, stage, name, wanted))),
    wanted.listeners.includes('remediate') ? guardsOf(clients, region, stage, operator) : undefined,
    wanted.customActions.length === 0 ? undefined : customActions(here.securityhub),
  ]);
  const notify = listeners.find(({ name }) => name === 'notify')?.found;
  return {
    transitions,
    listeners,
    guards,
    notifications: notify?.known === true ? await notificationsOf(clients, notify.value) : undefined,
    customActions: existing === undefined ? undefined : { wanted: wanted.customActions, existing },
    ...(wanted.broadPermissions === undefined ? {} : { broadPermissions: wanted.broadPermissions }),
  };
}

async function transitionsOf(
  { events, lambda, sqs }: RegionClients,
  stage: Stage,
): Promise<ObservedTransitions> {
  const [bus, found, deadLetters] = await Promise.all([
    askIfExists('events:DescribeEventBus', notFound, async () => {
      await events.send(new DescribeEventBusCommand({ Name: busName(stage) }));
      return true as const;
    }),
    deployedFunction(lambda, transitionsFunctionName(stage)),
    queueState(sqs, transitionsDeadLetterQueueName(stage)),
  ]);
  return { bus, found, deadLetters };
}

async function listenerOf(
  { events, lambda, sqs }: RegionClients,
  stage: Stage,
  name: ListenerName,
  { listeners, revertingCalls }: ActionParts,
): Promise<ObservedListener> {
  // Custom actions arrive on the default event bus, and their outcomes, if any, on the deployment's own.
  const isOperator = name === 'operator';
  const buses = [
    ...(isOperator ? (['default'] as const) : []),
    ...(!isOperator || listeners.includes('remediate') ? (['own'] as const) : []),
  ];
  const pattern = name === 'remediate' ? revertingCalls : undefined;
  const [rules, reverting, queues, found] = await Promise.all([
    Promise.all(
      buses.map(async (bus) => ({
        bus,
        rule: await ruleNamed(
          events,
          listenerRuleName(stage, name),
          bus === 'own' ? busName(stage) : undefined,
        ),
      })),
    ),
    pattern === undefined ? undefined : ruleNamed(events, revertingCallsRuleName(stage)),
    queuePair(sqs, stage, name),
    deployedFunction(lambda, functionName(stage, name)),
  ]);
  return {
    name,
    rules,
    ...(pattern === undefined || reverting === undefined
      ? {}
      : { revertingCalls: { pattern, rule: reverting } }),
    queues,
    found,
  };
}

async function guardsOf(
  clients: AccountClients,
  region: string,
  stage: Stage,
  operator: OperatorCredentials,
): Promise<ObservedGuards> {
  const [killSwitch, breakers] = await Promise.all([
    parameterValue(clients.of(region).ssm, killSwitchName(stage)),
    operator.known ? openBreakers(clients.stateTable(region, operator.value), stage) : operator,
  ]);
  return { killSwitch, breakers };
}

function parameterValue(ssm: SSMClient, name: string): Promise<Answer<string | undefined>> {
  return askIfExists(killSwitchPermission, ['ParameterNotFound'], async () => {
    const { Parameter: parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return parameter?.Value ?? '';
  });
}

async function openBreakers(dynamodb: DynamoDBClient, stage: Stage): Promise<ObservedGuards['breakers']> {
  const limiter = new Limiter({
    client: dynamodb,
    table: tableName(stage),
    now: Date.now,
    // Only reads, which do not wait.
    wait: () => Promise.resolve(),
    random: () => 0,
  });
  try {
    const states = await limiter.show();
    const open = actionKinds.flatMap((kind) => {
      const [breaker] = states[kind].breakers;
      return breaker === undefined ? [] : [[kind, breaker] as const];
    });
    return answered(Object.fromEntries(open));
  } catch (error) {
    if (!(error instanceof StateTableError)) throw error;
    if (nameOf(error.cause) === 'ResourceNotFoundException') return answered(undefined);
    const reason = isDenial(error.cause) ? 'denied' : 'failed';
    return { known: false, reason, action: 'dynamodb:GetItem', detail: error.message };
  }
}

/** Whom the function notifies, from its environment variables; see `deploy/remediation/functions.ts`. */
async function notificationsOf(
  clients: AccountClients,
  found: DeployedFunction | undefined,
): Promise<Answer<ObservedNotifications> | undefined> {
  if (found === undefined) return undefined;
  const { environment } = found;
  if (environment === undefined) {
    const detail = 'Lambda could not decrypt the environment variables of the function notify for the caller';
    return { known: false, reason: 'denied', action: 'kms:Decrypt', detail };
  }
  const arns = ['TRAILSEAL_TOPIC_TEXT', 'TRAILSEAL_TOPIC_JSON', 'TRAILSEAL_TOPIC_CHAT'].flatMap(
    (name) => environment[name] ?? [],
  );
  const topics = await Promise.all(
    [...new Set(arns)].map(async (arn) => ({ arn, subscriptions: await subscriptionsOf(clients, arn) })),
  );
  const webhooks = (environment['TRAILSEAL_WEBHOOKS'] ?? '').split(',').filter((name) => name !== '');
  return answered({ topics, webhooks: webhooks.length });
}

/** Source: Amazon SNS API Reference, "GetTopicAttributes". */
function subscriptionsOf(
  clients: AccountClients,
  TopicArn: string,
): ReturnType<typeof askIfExists<{ readonly confirmed: number; readonly pending: number }>> {
  // A topic that is not the deployment's own may be in another Region.
  const { sns } = clients.of(parseArn(TopicArn)?.region ?? '');
  return askIfExists('sns:GetTopicAttributes', ['NotFoundException', 'NotFound'], async () => {
    const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    return {
      confirmed: Number(Attributes['SubscriptionsConfirmed'] ?? 0),
      pending: Number(Attributes['SubscriptionsPending'] ?? 0),
    };
  });
}
