/** SNS topics as targets of notifications. */
import type { SNSClient } from '@aws-sdk/client-sns';
import { reasonOf } from '../aws/reason.ts';
import { isRefusal, publish, publishPermission, type SnsMessage } from '../aws/sns.ts';
import { chatJson, type Notification } from './compose.ts';
import { DeliveryError, type DeliveryTarget } from './delivery.ts';

export const notificationFormats = ['text', 'json', 'chat'] as const;
/** The formats in which a topic may want notifications: subscriptions filter by the attribute `format`. */
export type NotificationFormat = (typeof notificationFormats)[number];

/** The ARN of the topic for each format; one ARN may serve for several. */
export type NotificationTopics = Readonly<Partial<Record<NotificationFormat, string>>>;

/**
 * The targets for a deployment's topics. A topic for both text and JSON gets one message of both: e-mail has the text, SMS
 * the subject, everything else the JSON.
 * Source: Amazon SNS Developer Guide, "Publishing with different payloads for each protocol".
 * @param clientFor SNS accepts a message in the topic's own Region only.
 * @example
 * const [target] = topicTargets({ text: 'arn:aws:sns:eu-central-1:111122223333:alerts' }, () => client);
 * await target?.send(notification);
 */
export function topicTargets(
  topics: NotificationTopics,
  clientFor: (topicArn: string) => SNSClient,
): readonly DeliveryTarget[] {
  const { text, json, chat } = topics;
  const both = text !== undefined && text === json;
  return [
    ...(text === undefined ? [] : [topicTarget(text, both ? ['text', 'json'] : ['text'], clientFor)]),
    ...(json === undefined || both ? [] : [topicTarget(json, ['json'], clientFor)]),
    ...(chat === undefined ? [] : [topicTarget(chat, ['chat'], clientFor)]),
  ];
}

function topicTarget(
  topic: string,
  formats: readonly [NotificationFormat, ...NotificationFormat[]],
  clientFor: (topicArn: string) => SNSClient,
): DeliveryTarget {
  const [format] = formats;
  return {
    name: `topic ${topic} (${formats.join(' and ')})`,
    kind: format === 'chat' ? 'chat' : 'topic',
    async send(notification) {
      const message = messageIn(notification, formats.length > 1 ? 'both' : format, formats);
      try {
        await publish(clientFor(topic), topic, message);
      } catch (error) {
        throw new DeliveryError(
          `Publishing to the topic ${topic} failed: ${reasonOf(error)}. Check that the topic exists, that ` +
            `${publishPermission} on it is allowed, and that its key may be used; then redrive the dead letter.`,
          isRefusal(error),
          error,
        );
      }
    },
  };
}

function messageIn(
  notification: Notification,
  format: NotificationFormat | 'both',
  formats: readonly NotificationFormat[],
): SnsMessage {
  const { subject, text, json, attributes } = notification;
  const body = {
    text,
    json,
    chat: chatJson(notification),
    both: { default: json, email: text, sms: subject },
  }[format];
  return { subject, body, attributes: { ...attributes, format: formats } };
}
