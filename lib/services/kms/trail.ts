/** What the trail proves about KMS: one trail reader for the service, made of one for each kind of fact. */
import type { ContextEvents, TrailReader } from '../../core/trail-facts.ts';
import { openGrants } from './trail/grants.ts';
import { openKeyMaterial } from './trail/key-material.ts';
import { openKeyPolicies } from './trail/key-policies.ts';
import { openKeyStates } from './trail/key-states.ts';
import { openKeys } from './trail/keys.ts';

type KmsFactNames =
  | 'kms.key'
  | 'kms.keyState'
  | 'kms.rotation'
  | 'kms.keyPolicy'
  | 'kms.grant'
  | 'kms.keyMaterial';

const contextEvents: readonly ContextEvents[] = [
  {
    eventSource: 'kms.amazonaws.com',
    eventNames: [
      'CreateKey',
      'ReplicateKey',
      'UpdatePrimaryRegion',
      'EnableKeyRotation',
      'DisableKeyRotation',
      'EnableKey',
      'DisableKey',
      'ScheduleKeyDeletion',
      'CancelKeyDeletion',
      'DeleteKey',
      'PutKeyPolicy',
      'CreateGrant',
      'RevokeGrant',
      'RetireGrant',
      'ImportKeyMaterial',
      'DeleteImportedKeyMaterial',
      'DeleteExpiredKeyMaterial',
    ],
  },
];

/** The trail reader of KMS: keys by ARN (or by id over all Regions, where they share), grants by key and id. */
export const kmsTrailReader = {
  contextEvents,
  open(): TrailReader<KmsFactNames> {
    const keys = openKeys();
    const keyStates = openKeyStates();
    const keyPolicies = openKeyPolicies();
    const grants = openGrants();
    const keyMaterial = openKeyMaterial();
    return {
      learn(event) {
        if (event.eventSource !== 'kms.amazonaws.com') return;
        for (const part of [keys, keyStates, keyPolicies, grants, keyMaterial]) part.learn(event);
      },
      read: { ...keys.read, ...keyStates.read, ...keyPolicies.read, ...grants.read, ...keyMaterial.read },
    };
  },
};
