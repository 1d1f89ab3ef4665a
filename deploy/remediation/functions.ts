/** The functions that publish, remediate and notify, in osls's form. */
import { entrySortKey } from '../../lib/findings/state/schema.ts';
import {
  common,
  environment,
  evaluatorQueueUrls,
  type FunctionProperties,
  remediationQueueUrl,
} from '../common.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { arnOf, ref, type Value } from '../template.ts';
import { writeRoleNames } from './wanted.ts';
import { writeRoleEnvironment } from './write-roles.ts';

/**
 * Seconds. An action may wait for AWS for minutes, and the lease of a run is longer than this. A notification may be
 * tried for more than a minute.
 */
export const actingTimeouts = { transitions: 60, remediate: 900, notify: 300, operator: 60 } as const;

/** Megabytes; see `evaluators.ts`. Remediation holds more services than the others. */
const memory = { transitions: 256, remediate: 512, notify: 256, operator: 256 } as const;

/** The number of instances of `remediate` at once: each waits for AWS most of its time. */
const remediations = 5;

/** Those that are deployed, by their names. */
export function acting(deployment: Deployment): Readonly<Record<string, Value>> {
  const all = {
    transitions: transitions(deployment),
    remediate: remediate(deployment),
    notify: notify(deployment),
    operator: operator(deployment),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => deployment.functions.some((deployed) => deployed === name)),
  );
}

/**
 * The stream's records keep their order for each finding, however many are read at once. One that fails stops those
 * after it, and is tried for half a day. Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
 */
function transitions(deployment: Deployment): FunctionProperties {
  return {
    ...common(deployment, 'transitions'),
    description: 'Publishes the changes of Trailseal’s state table on its bus',
    timeout: actingTimeouts.transitions,
    memorySize: memory.transitions,
    environment: {
      ...environment(deployment, 'transitions'),
      TRAILSEAL_BUS: ref(ids.bus),
      TRAILSEAL_TABLE: ref(ids.stateTable),
    },
    events: [
      {
        stream: {
          type: 'dynamodb',
          arn: { 'Fn::GetAtt': [ids.stateTable, 'StreamArn'] },
          // So that what was written before this mapping existed is read, too.
          startingPosition: 'TRIM_HORIZON',
          batchSize: 100,
          parallelizationFactor: 10,
          filterPatterns: [
            { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { sk: { S: [entrySortKey] } } } },
          ],
          bisectBatchOnFunctionError: true,
          functionResponseType: 'ReportBatchItemFailures',
          maximumRetryAttempts: 1_000,
          maximumRecordAgeInSeconds: 43_200,
          destinations: { onFailure: { arn: arnOf(ids.deadLetters('transitions')), type: 'sqs' } },
        },
      },
    ],
  };
}

function remediate(deployment: Deployment): FunctionProperties {
  return {
    ...common(deployment, 'remediate'),
    description:
      'Carries out the actions that the policy asks for; no other function of Trailseal writes to resources',
    timeout: actingTimeouts.remediate,
    memorySize: memory.remediate,
    // Intended: a run that is under way sends its message to the function's own queue until it is done.
    recursiveLoop: 'Allow',
    // No message is taken before it may write.
    ...(writeRoleNames(deployment).length === 0 ? {} : { dependsOn: [ids.assumeWriteRoles] }),
    environment: {
      ...environment(deployment, 'remediate'),
      TRAILSEAL_TABLE: ref(ids.stateTable),
      TRAILSEAL_QUEUE_URL: ref(ids.queue('remediate')),
      TRAILSEAL_BUS: ref(ids.bus),
      TRAILSEAL_KILL_SWITCH: ref(ids.killSwitch),
      TRAILSEAL_SCHEDULE_GROUP: ref(ids.graceSchedules),
      TRAILSEAL_SCHEDULE_ROLE: arnOf(ids.graceScheduleRole),
      ...writeRoleEnvironment(deployment),
      TRAILSEAL_OWN_KEYS: { 'Fn::Join': [',', ownKeys(deployment)] },
    },
    events: [
      {
        sqs: {
          arn: arnOf(ids.queue('remediate')),
          batchSize: 1,
          maximumConcurrency: remediations,
          functionResponseType: 'ReportBatchItemFailures',
        },
      },
    ],
  };
}

function notify(deployment: Deployment): FunctionProperties {
  const { notifyTopicArn, notifyChatTopicArn, notifyWebhooks, notifyPrivateWebhooks } = deployment.parameters;
  const topic = notifyTopicArn ?? ref(ids.notifyTopic);
  return {
    ...common(deployment, 'notify'),
    description: 'Notifies people of findings, and of the actions on them',
    timeout: actingTimeouts.notify,
    memorySize: memory.notify,
    // Intended: what a target did not accept goes back to the function's own queue, three times at most.
    recursiveLoop: 'Allow',
    environment: {
      ...environment(deployment, 'notify'),
      TRAILSEAL_TABLE: ref(ids.stateTable),
      TRAILSEAL_QUEUE_URL: ref(ids.queue('notify')),
      TRAILSEAL_TOPIC_TEXT: topic,
      TRAILSEAL_TOPIC_JSON: topic,
      ...(notifyChatTopicArn === undefined ? {} : { TRAILSEAL_TOPIC_CHAT: notifyChatTopicArn }),
      ...(notifyWebhooks.length === 0
        ? {}
        : {
            TRAILSEAL_WEBHOOKS: notifyWebhooks.join(','),
            TRAILSEAL_WEBHOOK_PRIVATE: String(notifyPrivateWebhooks),
          }),
    },
    events: [
      {
        sqs: {
          arn: arnOf(ids.queue('notify')),
          // Many events at once become one notification.
          batchSize: 500,
          maximumBatchingWindow: 20,
          maximumConcurrency: 2,
          functionResponseType: 'ReportBatchItemFailures',
        },
      },
    ],
  };
}

function operator(deployment: Deployment): FunctionProperties {
  return {
    ...common(deployment, 'operator'),
    description:
      'Receives the actions that operators request in Security Hub, and notes their results on the finding',
    timeout: actingTimeouts.operator,
    memorySize: memory.operator,
    environment: {
      ...environment(deployment, 'operator'),
      TRAILSEAL_TABLE: ref(ids.stateTable),
      TRAILSEAL_QUEUE_URL: ref(ids.queue('operator')),
      ...evaluatorQueueUrls(deployment),
      ...remediationQueueUrl(deployment),
    },
    events: [
      {
        sqs: {
          arn: arnOf(ids.queue('operator')),
          batchSize: 10,
          // The results of one request come together, so that they become one note.
          maximumBatchingWindow: 2,
          maximumConcurrency: 2,
          functionResponseType: 'ReportBatchItemFailures',
        },
      },
    ],
  };
}

/** The keys that this deployment encrypts with, on which no action is carried out: see `topics.ts`. */
function ownKeys({ parameters, functions }: Deployment): readonly Value[] {
  const { kmsKeyArn, alarmEmail, notifyTopicArn } = parameters;
  if (kmsKeyArn !== undefined) return [kmsKeyArn];
  return [
    ...(alarmEmail === undefined ? [] : [arnOf(ids.topicKey)]),
    ...(notifyTopicArn === undefined && functions.includes('notify') ? [arnOf(ids.notifyTopicKey)] : []),
  ];
}
