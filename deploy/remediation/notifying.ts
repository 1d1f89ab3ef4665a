/** What the function that notifies people may do. */

import { publishPermission } from '../../lib/aws/sns.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { readPermission } from '../../lib/notifications/webhook-endpoint.ts';
import { eventPermissions } from '../../lib/remediation/events/event-record.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants } from '../grants.ts';
import { ids } from '../ids.ts';
import { arnOf, endpointOf, localArn, ref, sub, type Value } from '../template.ts';
import { publishedEvents } from './publishing.ts';

export function notifying({ parameters }: Deployment): readonly Grant[] {
  const { notifyTopicArn, notifyChatTopicArn, notifyWebhooks, kmsKeyArn } = parameters;
  const theirs = [notifyTopicArn, notifyChatTopicArn].filter((topic) => topic !== undefined);
  return [
    {
      sid: 'Publish',
      action: publishPermission,
      resource: [...(notifyTopicArn === undefined ? [ref(ids.notifyTopic)] : []), ...theirs],
      why: 'people are notified by these topics',
    },
    ...(notifyTopicArn === undefined && kmsKeyArn === undefined
      ? grants('UseTopicKey', useKey, {
          resource: arnOf(ids.notifyTopicKey),
          condition: { StringEquals: { 'kms:ViaService': endpointOf('sns') } },
          why: 'the topic is encrypted',
        })
      : []),
    ...theirs.flatMap((topic, index) => keyOf(topic, index)),
    publishedEvents(
      parameters,
      'ReadEvents',
      eventPermissions.read,
      'people are notified of what was published, as it is stored',
    ),
    {
      sid: 'SendAgain',
      action: 'sqs:SendMessage',
      resource: arnOf(ids.queue('notify')),
      why: 'what a target did not accept is tried again',
    },
    ...notifyWebhooks.flatMap((name, index) => webhook(name, index)),
  ];
}

const useKey = ['kms:Decrypt', 'kms:GenerateDataKey'] as const;

/**
 * The key of an existing topic is not known here: whichever it is, for this topic alone.
 * Source: Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs" (encryption context).
 */
function keyOf(topic: string, index: number): readonly Grant[] {
  const { partition, region, account } = parseArn(topic) ?? {};
  if (partition === undefined || region === undefined || account === undefined) return [];
  return grants(`UseKeyOfTopic${index + 1}`, useKey, {
    resource: `arn:${partition}:kms:${region}:${account}:key/*`,
    condition: {
      StringEquals: {
        'kms:ViaService': sub(`sns.${region}.\${AWS::URLSuffix}`),
        'kms:EncryptionContext:aws:sns:topicArn': topic,
      },
    },
    why: 'the topic may be encrypted',
  });
}

const secretPrefix = /^\/?aws\/reference\/secretsmanager\//;

/** Sources: AWS Systems Manager User Guide, "AWS KMS encryption for Parameter Store SecureString parameters". */
function webhook(name: string, index: number): readonly Grant[] {
  const parameter = localArn('ssm', `parameter/${name.replace(/^\//, '')}`);
  const secret = secretPrefix.test(name)
    ? localArn('secretsmanager', `secret:${name.replace(secretPrefix, '')}-??????`)
    : undefined;
  const [service, context, bound]: readonly [string, string, Value] =
    secret === undefined
      ? ['ssm', 'kms:EncryptionContext:PARAMETER_ARN', parameter]
      : ['secretsmanager', 'kms:EncryptionContext:SecretARN', secret];
  const number = index + 1;
  return [
    {
      sid: `ReadWebhook${number}`,
      action: readPermission,
      resource: parameter,
      why: 'the URL and secret of a webhook',
    },
    ...(secret === undefined
      ? []
      : grants(`ReadSecret${number}`, ['secretsmanager:GetSecretValue'], {
          resource: secret,
          why: 'the URL and secret of a webhook, which are in Secrets Manager',
        })),
    ...grants(`DecryptWebhook${number}`, ['kms:Decrypt'], {
      resource: localArn('kms', 'key/*'),
      condition: {
        StringEquals: { 'kms:ViaService': endpointOf(service) },
        StringLike: { [context]: bound },
      },
      why: 'it is encrypted, by a key that is not known here',
    }),
  ];
}
