import { describe, expect, it } from 'vitest';
import { notificationSettings } from '../../lib/notifications/settings.ts';

const topic = 'arn:aws:sns:eu-central-1:111122223333:trailseal-dev';

describe('the environment', () => {
  it('may name no targets', () => {
    expect(notificationSettings({ TRAILSEAL_TOPIC_TEXT: '' })).toEqual({
      topics: {},
      webhooks: [],
      allowPrivate: false,
    });
  });

  it('names topics and the parameters of webhooks', () => {
    expect(
      notificationSettings({
        TRAILSEAL_TOPIC_TEXT: topic,
        TRAILSEAL_TOPIC_JSON: topic,
        TRAILSEAL_TOPIC_CHAT: `${topic}-chat`,
        TRAILSEAL_WEBHOOKS: '/trailseal/dev/a, /aws/reference/secretsmanager/b,/trailseal/dev/a',
        TRAILSEAL_WEBHOOK_PRIVATE: 'true',
      }),
    ).toEqual({
      topics: { text: topic, json: topic, chat: `${topic}-chat` },
      webhooks: ['/trailseal/dev/a', '/aws/reference/secretsmanager/b'],
      allowPrivate: true,
    });
  });

  it.each([
    ['TRAILSEAL_TOPIC_TEXT', { TRAILSEAL_TOPIC_TEXT: 'trailseal-dev' }],
    ['TRAILSEAL_TOPIC_CHAT', { TRAILSEAL_TOPIC_TEXT: topic, TRAILSEAL_TOPIC_CHAT: topic }],
    ['TRAILSEAL_WEBHOOKS', { TRAILSEAL_WEBHOOKS: 'https://hooks.example/token' }],
    ['TRAILSEAL_WEBHOOK_PRIVATE', { TRAILSEAL_WEBHOOK_PRIVATE: 'yes' }],
  ])('that is wrong is refused with the name of the variable: %s', (name, variables) => {
    expect(() => notificationSettings(variables)).toThrow(new RegExp(`^${name} `));
  });
});
