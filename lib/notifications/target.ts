/** Where messages go. */
import type { SNSClient } from '@aws-sdk/client-sns';
import { reasonOf } from '../aws/reason.ts';
import { isRefusal, publish, publishPermission, type SnsMessage } from '../aws/sns.ts';
import { chatJson, type Notification } from './compose.ts';
import { DeliveryError } from './delivery-error.ts';

export interface Target {
  /** The same as long as it is the same target: messages that it did not take name it. */
  readonly name: string;
  /** Rejects with a `DeliveryError` when the target did not take the message, or may not have. */
  send(notification: Notification): Promise<void>;
}

/** The forms in which a topic may want messages: subscriptions filter by the attribute `format`. */
export type Format = 'text' | 'json' | 'chat';

/** The topic for each form; one ARN may serve for several. */
export type Topics = Readonly<Partial<Record<Format, string>>>;

/**
 * A topic that is to have text and JSON gets one message of both: e-mail has the text, SMS the subject, everything else
 * the JSON. Source: Amazon SNS Developer Guide, "Publishing with different payloads for each protocol".
 * @param clientFor SNS takes a message in the topic's Region only.
 */
export function topicTargets(topics: Topics, clientFor: (topicArn: string) => SNSClient): readonly Target[] {
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
  formats: readonly [Format, ...Format[]],
  clientFor: (topicArn: string) => SNSClient,
): Target {
  const [format] = formats;
  return {
    name: `topic ${topic} (${formats.join(' and ')})`,
    async send(notification) {
      const message = messageIn(notification, formats.length > 1 ? 'both' : format, formats);
      try {
        await publish(clientFor(topic), topic, message);
      } catch (error) {
        throw new DeliveryError(
          `The topic ${topic} did not take it: ${reasonOf(error)}. Check that the topic exists, that ` +
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
  format: Format | 'both',
  formats: readonly Format[],
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
