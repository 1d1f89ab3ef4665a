/** What the trail proves about keys themselves: their metadata, and whether they are rotated. */
import type { ArnResource, TrailEvent } from '../../../core/control.ts';
import { type Known, known, unknownFact } from '../../../core/facts.ts';
import { at, flag, text } from '../../../core/json.ts';
import { sourceOf, type TrailSubject } from '../../../core/trail-facts.ts';
import type { KmsKey, KmsRotation } from '../facts.ts';
import { keyInEvent, keySet, replicaInEvent } from '../resources.ts';
import { wholeRequest } from './whole-request.ts';

/** The metadata that the members of a set of multi-Region keys share; see `keySet`. */
type SharedMetadata = Omit<KmsKey, 'multiRegionKeyType'>;
type Role = 'PRIMARY' | 'REPLICA';

const unknownYet: SharedMetadata = {
  origin: null,
  keySpec: null,
  keyUsage: null,
  keyManager: null,
  customKeyStoreId: null,
};

/**
 * Opens a reader of metadata and rotation from CreateKey, ReplicateKey, UpdatePrimaryRegion, EnableKeyRotation,
 * DisableKeyRotation and the events of imported key material.
 * @returns a reader without events; a key without events is unknown.
 * @example openKeys().read['kms.rotation'](key).known // false
 */
export function openKeys(): TrailSubject<'kms.key' | 'kms.rotation', ArnResource> {
  const metadata = new Map<string, Known<SharedMetadata>>();
  const roles = new Map<string, Map<string, Role>>();
  const rotations = new Map<string, Known<KmsRotation>>();

  /** Adds what an event says; known values stay, because none of them ever changes. */
  const learn = (key: ArnResource, stated: Partial<SharedMetadata>, event: TrailEvent): void => {
    const before = metadata.get(keySet(key))?.value ?? unknownYet;
    const value = {
      origin: before.origin ?? stated.origin ?? null,
      keySpec: before.keySpec ?? stated.keySpec ?? null,
      keyUsage: before.keyUsage ?? stated.keyUsage ?? null,
      keyManager: before.keyManager ?? stated.keyManager ?? null,
      customKeyStoreId: before.customKeyStoreId ?? stated.customKeyStoreId ?? null,
    };
    metadata.set(keySet(key), known(value, sourceOf(event)));
  };

  const tellRole = (key: ArnResource, role: Role): void => {
    const set = roles.get(keySet(key)) ?? new Map<string, Role>();
    roles.set(keySet(key), set.set(key.region, role));
  };

  const learnCreation = (key: ArnResource, event: TrailEvent): void => {
    const stated = metadataIn(event, 'keyMetadata');
    learn(key, stated, event);
    const role = roleIn(event, 'keyMetadata');
    if (role !== undefined) tellRole(key, role);
    // A replica has a CreateKey event too, and has the rotation of its set.
    const mayBeReplica = role === 'REPLICA' || (role === undefined && key.id.startsWith('mrk-'));
    if (!mayBeReplica && stated.keyManager !== 'AWS') {
      rotations.set(keySet(key), known({ enabled: false, rotationPeriodInDays: null }, sourceOf(event)));
    }
  };

  /**
   * KMS refuses both calls unless the key is one that it can rotate: a symmetric encryption key whose material KMS
   * made, and the primary of its set. So success proves that the key is one.
   * Source: KMS API Reference, EnableKeyRotation and DisableKeyRotation (UnsupportedOperationException).
   */
  const learnRotation = (key: ArnResource, event: TrailEvent): void => {
    const enabled = event.eventName === 'EnableKeyRotation';
    const days = Number(text(event.request, 'rotationPeriodInDays') ?? Number.NaN);
    // Source: EnableKeyRotation, RotationPeriodInDays: "If no value is specified, the default value is 365".
    const untoldPeriod = wholeRequest(event) === undefined ? null : 365;
    const rotationPeriodInDays = enabled ? (Number.isFinite(days) ? days : untoldPeriod) : null;
    rotations.set(keySet(key), known({ enabled, rotationPeriodInDays }, sourceOf(event)));
    learn(
      key,
      {
        origin: 'AWS_KMS',
        keySpec: 'SYMMETRIC_DEFAULT',
        keyUsage: 'ENCRYPT_DECRYPT',
        keyManager: 'CUSTOMER',
      },
      event,
    );
    if (key.id.startsWith('mrk-')) tellRole(key, 'PRIMARY');
  };

  const learnReplication = (primary: ArnResource | undefined, event: TrailEvent): void => {
    if (primary !== undefined) tellRole(primary, 'PRIMARY');
    for (const replica of replicaInEvent(event)) {
      tellRole(replica, 'REPLICA');
      learn(replica, metadataIn(event, 'replicaKeyMetadata'), event);
    }
  };

  /** UpdatePrimaryRegion is logged in both Regions, with the same meaning. */
  const learnPrimary = (key: ArnResource, event: TrailEvent): void => {
    const primaryRegion = text(event.request, 'primaryRegion');
    if (primaryRegion === undefined) return;
    const set = roles.get(keySet(key)) ?? new Map<string, Role>();
    for (const region of [...set.keys(), key.region]) set.set(region, 'REPLICA');
    roles.set(keySet(key), set.set(primaryRegion, 'PRIMARY'));
    learn(key, {}, event);
  };

  return {
    learn(event) {
      const [key] = keyInEvent(event);
      if (event.eventName === 'ReplicateKey') return learnReplication(key, event);
      if (key === undefined) return;
      switch (event.eventName) {
        case 'CreateKey':
          return learnCreation(key, event);
        case 'EnableKeyRotation':
        case 'DisableKeyRotation':
          return learnRotation(key, event);
        case 'UpdatePrimaryRegion':
          return learnPrimary(key, event);
        case 'ImportKeyMaterial':
        case 'DeleteImportedKeyMaterial':
        case 'DeleteExpiredKeyMaterial':
          return learn(key, { origin: 'EXTERNAL' }, event);
      }
    },
    read: {
      'kms.key': (key) => {
        const shared = metadata.get(keySet(key));
        if (shared === undefined) {
          return unknownFact('not-in-trail', 'the trail does not show what sort of key this is');
        }
        const role = roles.get(keySet(key))?.get(key.region);
        const multiRegionKeyType = role ?? (key.id.startsWith('mrk-') ? null : 'NONE');
        return known({ ...shared.value, multiRegionKeyType }, shared.source);
      },
      'kms.rotation': (key) =>
        rotations.get(keySet(key)) ??
        unknownFact('not-in-trail', 'the trail does not show whether the key is rotated automatically'),
    },
  };
}

/**
 * The metadata in the response, else in the request, else the API's defaults: a recorded request without a value
 * means the default. Source: KMS API Reference, CreateKey (KeySpec, KeyUsage, Origin).
 */
function metadataIn(event: TrailEvent, name: 'keyMetadata' | 'replicaKeyMetadata'): Partial<SharedMetadata> {
  const response = at(event.response, name);
  const request = event.eventName === 'CreateKey' ? wholeRequest(event) : undefined;
  const fallback = (value: string): string | null => (request === undefined ? null : value);
  return {
    origin: text(response, 'origin') ?? text(request, 'origin') ?? fallback('AWS_KMS'),
    keySpec:
      text(response, 'keySpec') ??
      text(response, 'customerMasterKeySpec') ??
      text(request, 'keySpec') ??
      text(request, 'customerMasterKeySpec') ??
      fallback('SYMMETRIC_DEFAULT'),
    keyUsage: text(response, 'keyUsage') ?? text(request, 'keyUsage') ?? fallback('ENCRYPT_DECRYPT'),
    keyManager: text(response, 'keyManager') ?? fallback('CUSTOMER'),
    customKeyStoreId: text(response, 'customKeyStoreId') ?? text(request, 'customKeyStoreId') ?? null,
  };
}

function roleIn(event: TrailEvent, name: string): Role | undefined {
  const stated = text(event.response, name, 'multiRegionConfiguration', 'multiRegionKeyType');
  if (stated === 'PRIMARY' || stated === 'REPLICA') return stated;
  return flag(event.request, 'multiRegion') === true ? 'PRIMARY' : undefined;
}
