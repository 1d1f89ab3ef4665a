/** Errors of SNS that an emulator does not produce: which are permanent, and which are retried. */
import { PublishCommand, SNSClient, SNSServiceException } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { compose, type Notification } from '../../lib/notifications/compose.ts';
import { DeliveryError } from '../../lib/notifications/delivery.ts';
import { topicTargets } from '../../lib/notifications/topics.ts';
import { triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { transition } from './events.ts';

const topic = 'arn:aws:sns:eu-central-1:111122223333:trailseal-dev';

const notification = ((): Notification => {
  const trigger = triggerOfTransition(transition());
  const [one] = compose(trigger === undefined ? [] : [trigger], () => undefined, 'dev');
  if (one === undefined) throw new Error('nothing was composed');
  return one;
})();

async function errorFrom(name: string, message = 'because'): Promise<unknown> {
  const client = new SNSClient({ region: 'eu-central-1', maxAttempts: 1 });
  mockClient(client)
    .on(PublishCommand)
    .rejects(new SNSServiceException({ name, message, $fault: 'client', $metadata: {} }));
  const [target] = topicTargets({ text: topic }, () => client);
  return target?.send(notification).catch((error: unknown) => error);
}

describe('a topic', () => {
  it.each([
    'AuthorizationErrorException',
    'InvalidParameterException',
    'KMSAccessDeniedException',
    'KMSDisabledException',
    'NotFoundException',
  ])('that answers %s is not retried', async (name) => {
    expect(await errorFrom(name)).toMatchObject({ name: 'DeliveryError', permanent: true });
  });

  it.each(['ThrottledException', 'KMSThrottlingException', 'InternalErrorException', 'TimeoutError'])(
    'that answers %s is retried',
    async (name) => {
      expect(await errorFrom(name)).toMatchObject({ name: 'DeliveryError', permanent: false });
    },
  );

  it('that refuses is named with the reason and what to do', async () => {
    const error = await errorFrom('NotFoundException', 'Topic does not exist');
    expect(error instanceof DeliveryError ? error.message : error).toBe(
      `Publishing to the topic ${topic} failed: NotFoundException (Topic does not exist). Check that the topic exists, ` +
        'that sns:Publish on it is allowed, and that its key may be used; then redrive the dead letter.',
    );
  });
});

describe('the topics of a deployment', () => {
  it.each([
    ['none', {}, []],
    ['text alone', { text: topic }, [`topic ${topic} (text)`]],
    ['text and JSON in one', { text: topic, json: topic }, [`topic ${topic} (text and json)`]],
    [
      'one for each',
      { text: topic, json: `${topic}-json`, chat: `${topic}-chat` },
      [`topic ${topic} (text)`, `topic ${topic}-json (json)`, `topic ${topic}-chat (chat)`],
    ],
  ])('are targets: %s', (_what, topics, names) => {
    const client = new SNSClient({ region: 'eu-central-1' });
    expect(topicTargets(topics, () => client).map(({ name }) => name)).toEqual(names);
  });
});
