/** Where a deployment sends its messages, as its environment says. */
import { parseArn } from '../core/arn.ts';
import { EnvironmentError } from '../pipeline/live/environment.ts';
import type { Format, Topics } from './target.ts';

export interface NotificationSettings {
  readonly topics: Topics;
  /** The names of the parameters that hold the webhooks' URLs and secrets. */
  readonly webhooks: readonly string[];
  /** Whether webhooks may have addresses that are not of the public internet. */
  readonly allowPrivate: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

const topicVariables: Readonly<Record<Format, string>> = {
  text: 'TRAILSEAL_TOPIC_TEXT',
  json: 'TRAILSEAL_TOPIC_JSON',
  chat: 'TRAILSEAL_TOPIC_CHAT',
};

/** @throws EnvironmentError naming the first variable that is wrong. All of them may be missing. */
export function notificationSettings(variables: Variables): NotificationSettings {
  const topics: Partial<Record<Format, string>> = {};
  for (const format of ['text', 'json', 'chat'] as const) {
    const name = topicVariables[format];
    const topic = variables[name] ?? '';
    if (topic === '') continue;
    if (parseArn(topic)?.service !== 'sns')
      throw new EnvironmentError(name, 'is not the ARN of an SNS topic');
    topics[format] = topic;
  }
  if (topics.chat !== undefined && (topics.chat === topics.text || topics.chat === topics.json)) {
    throw new EnvironmentError(
      topicVariables.chat,
      'has to be a topic of its own: chat applications drop every other form',
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
