/** KMS keys: DescribeKey, GetKeyRotationStatus, ListKeyRotations. */

import {
  DescribeKeyCommand,
  GetKeyRotationStatusCommand,
  type GetKeyRotationStatusCommandOutput,
  type KeyMetadata,
  ListKeyRotationsCommand,
  type RotationsListEntry,
} from '@aws-sdk/client-kms';
import { allPages, askEach } from '../../../aws/facts/calls.ts';
import { hasCode } from '../../../aws/facts/failure.ts';
import { derive, type Lookup } from '../../../aws/facts/lookups.ts';
import type { Readers } from '../../../aws/facts/reader.ts';
import type { ArnResource } from '../../../core/control.ts';
import { type Fact, known, unknownFact } from '../../../core/facts.ts';
import type { KmsKey, KmsKeyMaterial, KmsRotation } from '../facts.ts';

const describeAction = 'kms:DescribeKey';

/** Keys by ARN. */
const keys: Lookup<KeyMetadata> = {
  permissions: [describeAction],
  find: (arns, lookups, waitsFor) =>
    askEach(describeAction, arns, lookups, waitsFor, async (arn) => {
      const answer = await lookups.call(({ kms }) => kms.send(new DescribeKeyCommand({ KeyId: arn })));
      return answer.KeyMetadata;
    }),
};

const rotationAction = 'kms:GetKeyRotationStatus';

type RotationAnswer = Pick<GetKeyRotationStatusCommandOutput, 'KeyRotationEnabled' | 'RotationPeriodInDays'>;

/** Rotation by the key's ARN. A key that KMS cannot rotate counts as one whose rotation is off. */
const rotations: Lookup<RotationAnswer> = {
  permissions: [rotationAction],
  find: (arns, lookups, waitsFor) =>
    askEach(rotationAction, arns, lookups, waitsFor, async (arn) => {
      try {
        return await lookups.call(({ kms }) => kms.send(new GetKeyRotationStatusCommand({ KeyId: arn })));
      } catch (error) {
        if (hasCode(error, 'UnsupportedOperationException')) return { KeyRotationEnabled: false };
        throw error;
      }
    }),
};

const materialAction = 'kms:ListKeyRotations';

/** All key material by the key's ARN; none for keys that KMS cannot rotate, because KMS does not list theirs. */
const materials: Lookup<readonly RotationsListEntry[]> = {
  permissions: [materialAction],
  find: (arns, lookups, waitsFor) =>
    askEach(materialAction, arns, lookups, waitsFor, async (arn) => {
      try {
        return await allPages(async (token) => {
          const answer = await lookups.call(({ kms }) =>
            kms.send(
              new ListKeyRotationsCommand({
                KeyId: arn,
                IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
                ...(token === undefined ? {} : { Marker: token }),
              }),
            ),
          );
          return { items: answer.Rotations, next: answer.NextMarker };
        });
      } catch (error) {
        if (hasCode(error, 'UnsupportedOperationException')) return [];
        throw error;
      }
    }),
};

function metadataOf(key: KeyMetadata): KmsKey {
  const role = key.MultiRegionConfiguration?.MultiRegionKeyType;
  return {
    origin: key.Origin ?? null,
    keySpec: key.KeySpec ?? null,
    keyUsage: key.KeyUsage ?? null,
    keyManager: key.KeyManager ?? null,
    customKeyStoreId: key.CustomKeyStoreId ?? null,
    // The ids of multi-Region keys, and of no others, begin with `mrk-`.
    multiRegionKeyType: role ?? (key.KeyId?.startsWith('mrk-') === false ? 'NONE' : null),
  };
}

/**
 * Missing material is material that is not imported now: DescribeKey returns the current material, ListKeyRotations
 * each one of a symmetric key. KMS does not say whether it was deleted or expired or, where it lists none, whether it
 * ever existed.
 * Source: KMS API Reference, "RotationsListEntry": ImportState; "ImportKeyMaterial": ExpirationModel.
 */
function materialOf(key: KeyMetadata, listed: readonly RotationsListEntry[]): KmsKeyMaterial {
  const deleted = listed
    .filter(({ ImportState: state }) => state === 'PENDING_IMPORT')
    .map(({ KeyMaterialId: id }) => ({ keyMaterialId: id ?? null, because: null }));
  const unnamed = key.KeyState === 'PendingImport' && deleted.length === 0;
  const expiring = listed.find(
    ({ ExpirationModel: model, ImportState: state }) =>
      model === 'KEY_MATERIAL_EXPIRES' && state === 'IMPORTED',
  );
  const validTo = expiring?.ValidTo ?? key.ValidTo;
  return {
    missing: unnamed ? [{ keyMaterialId: null, because: null }] : deleted,
    expirationModel: expiring?.ExpirationModel ?? key.ExpirationModel ?? null,
    validTo: validTo === undefined ? null : validTo.toISOString(),
  };
}

export const keyReaders: Readers<
  'kms.key' | 'kms.keyState' | 'kms.rotation' | 'kms.keyMaterial',
  ArnResource
> = {
  'kms.key': {
    uses: [keys],
    read: async (resource, aws) =>
      derive(await aws.ask(keys, resource.arn), (key, source) => known(metadataOf(key), source)),
  },

  'kms.keyState': {
    uses: [keys],
    read: async (resource, aws) =>
      derive(await aws.ask(keys, resource.arn), (key, source) => {
        const { KeyState: keyState, PendingDeletionWindowInDays: days, DeletionDate: date } = key;
        if (keyState === undefined) {
          return unknownFact('unreadable', `${describeAction} does not tell the state of the key`);
        }
        if (keyState === 'Creating' || keyState === 'Updating') {
          return unknownFact('not-ready', `the key is ${keyState}, so evaluate it again afterwards`);
        }
        const deletionDate = date === undefined ? null : date.toISOString();
        return known({ keyState, pendingWindowInDays: days ?? null, deletionDate, changedBy: null }, source);
      }),
  },

  /**
   * While a key is pending deletion, KMS returns `false`, even if rotation was on and will be on again after a
   * cancellation.
   * Source: KMS API Reference, "GetKeyRotationStatus" ("Pending deletion").
   */
  'kms.rotation': {
    uses: [keys, rotations],
    async read(resource, aws) {
      const [key, rotation] = await Promise.all([
        aws.ask(keys, resource.arn),
        aws.ask(rotations, resource.arn),
      ]);
      return derive(
        rotation,
        ({ KeyRotationEnabled: enabled, RotationPeriodInDays: days }, source): Fact<KmsRotation> => {
          if (enabled === undefined) {
            return unknownFact('unreadable', `${rotationAction} does not tell whether the key is rotated`);
          }
          if (enabled) return known({ enabled, rotationPeriodInDays: days ?? null }, source);
          if (!key.known) {
            return unknownFact(
              key.reason,
              `${rotationAction} says that it is not, as of any key pending deletion, and whether this is one is unknown: ${key.detail}`,
            );
          }
          return key.value.KeyState === 'PendingDeletion' || key.value.KeyState === 'PendingReplicaDeletion'
            ? unknownFact(
                'unreadable',
                `${rotationAction} does not tell it of a key that is pending deletion`,
              )
            : known({ enabled, rotationPeriodInDays: null }, source);
        },
      );
    },
  },

  'kms.keyMaterial': {
    uses: [keys, materials],
    async read(resource, aws) {
      const key = await aws.ask(keys, resource.arn);
      if (!key.known) return key;
      // KMS made the material of all other keys, so that no imported material can be missing.
      if (key.value.Origin !== 'EXTERNAL') return known(materialOf(key.value, []), key.source);
      return derive(
        await aws.ask(materials, resource.arn),
        (listed): Fact<KmsKeyMaterial> => known(materialOf(key.value, listed), key.source),
      );
    },
  },
};
