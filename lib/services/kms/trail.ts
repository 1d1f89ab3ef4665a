/** What the trail proves about KMS: the service's trail reader, which consists of one for each kind of fact. */
import type { TrailPart } from '../../core/service.ts';
import type { ContextEvents } from '../../core/trail-facts.ts';
import { openGrants } from './trail/grants.ts';
import { openKeyManagers } from './trail/key-managers.ts';
import { openKeyMaterial } from './trail/key-material.ts';
import { openKeyPolicies } from './trail/key-policies.ts';
import { openKeyStates } from './trail/key-states.ts';
import { openKeys } from './trail/keys.ts';
import type { resourceTypes } from './types.ts';

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

/** Keys by ARN (or by id over all Regions, where they share), grants by key and id. */
export const trail: TrailPart<'kms', typeof resourceTypes> = {
  contextEvents,
  open() {
    const keys = openKeys();
    const keyStates = openKeyStates();
    const keyPolicies = openKeyPolicies();
    const grants = openGrants();
    const keyMaterial = openKeyMaterial();
    const keyManagers = openKeyManagers();
    return {
      learn(event) {
        if (event.eventSource !== 'kms.amazonaws.com') return;
        for (const part of [keys, keyStates, keyPolicies, grants, keyMaterial, keyManagers])
          part.learn(event);
      },
      read: { ...keys.read, ...keyStates.read, ...keyPolicies.read, ...grants.read, ...keyMaterial.read },
      related: keyManagers.related,
    };
  },
};
