/** The topic for notifications, where the customer names none. */
import { type Stage, stackName } from '../../lib/aws/names.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { allow } from '../statements.ts';
import { accountRoot, endpointOf, ref, type StackResources } from '../template.ts';
import { encryptedTopic, useOfKey } from '../topics.ts';

export function notificationTopicName(stage: Stage): string {
  return `${stackName(stage)}-notifications`;
}

export function notifications({ parameters, functions }: Deployment): StackResources {
  const { stage, notifyEmail, notifyTopicArn, kmsKeyArn } = parameters;
  if (!functions.includes('notify') || notifyTopicArn !== undefined) return {};
  const byIam = {
    StringEquals: { 'kms:CallerAccount': ref('AWS::AccountId'), 'kms:ViaService': endpointOf('sns') },
  };
  return encryptedTopic({
    id: ids.notifyTopic,
    keyId: ids.notifyTopicKey,
    name: notificationTopicName(stage),
    email: notifyEmail,
    kmsKeyArn,
    keyDescription: `Encrypts the notifications of ${stackName(stage)}`,
    // The function may publish by its own role, and nobody else is let in.
    publishers: [],
    keyUsers: [{ ...allow('BySns', useOfKey, '*', byIam), Principal: { AWS: accountRoot } }],
  });
}
