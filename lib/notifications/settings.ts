/** Where a deployment sends its notifications, as its environment says. */
import { parseArn } from '../core/arn.ts';
import { EnvironmentError } from '../pipeline/live/environment.ts';
import { type NotificationFormat, type NotificationTopics, notificationFormats } from './topics.ts';

export interface NotificationSettings {
  readonly topics: NotificationTopics;
  /** The names of the parameters that hold the webhooks' URLs and secrets. */
  readonly webhooks: readonly string[];
  /** Whether webhooks may have addresses that are not public. */
  readonly allowPrivate: boolean;
}

const topicVariables: Readonly<Record<NotificationFormat, string>> = {
  text: 'TRAILSEAL_TOPIC_TEXT',
  json: 'TRAILSEAL_TOPIC_JSON',
  chat: 'TRAILSEAL_TOPIC_CHAT',
};

/**
 * Reads the settings from the function's environment. All variables may be missing.
 * @throws EnvironmentError naming the first variable that is wrong.
 * @example
 * notificationSettings({ TRAILSEAL_WEBHOOKS: '/trailseal/dev/hook' }).webhooks; // ['/trailseal/dev/hook']
 */
export function notificationSettings(
  variables: Readonly<Record<string, string | undefined>>,
): NotificationSettings {
  const topics: NotificationTopics = Object.fromEntries(
    notificationFormats.flatMap((format) => {
      const name = topicVariables[format];
      const topic = variables[name] ?? '';
      if (topic === '') return [];
      if (parseArn(topic)?.service !== 'sns')
        throw new EnvironmentError(name, 'is not the ARN of an SNS topic');
      return [[format, topic]];
    }),
  );
  if (topics.chat !== undefined && (topics.chat === topics.text || topics.chat === topics.json)) {
    throw new EnvironmentError(
      topicVariables.chat,
      'must be a topic of its own: chat applications drop every other format',
    );
  }
  const webhooks = (variables['TRAILSEAL_WEBHOOKS'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  const bad = webhooks.find((name) => !/^\/?[\w./-]{1,1011}$/.test(name));
  if (bad !== undefined) throw new EnvironmentError('TRAILSEAL_WEBHOOKS', 'names no SSM parameters');
  const allow = variables['TRAILSEAL_WEBHOOK_PRIVATE'] ?? 'false';
  if (allow !== 'true' && allow !== 'false' && allow !== '') {
    throw new EnvironmentError('TRAILSEAL_WEBHOOK_PRIVATE', 'is neither true nor false');
  }
  return { topics, webhooks: [...new Set(webhooks)], allowPrivate: allow === 'true' };
}
