/** What the trail proves of imported key material. */
import type { ArnResource, TrailEvent } from '../../../core/control.ts';
import { type Known, known, unknownFact } from '../../../core/facts.ts';
import { text } from '../../../core/json.ts';
import { sourceOf, type TrailSubject } from '../../../core/trail-facts.ts';
import type { KmsKeyMaterial } from '../facts.ts';
import { keyInEvent } from '../resources.ts';
import { wholeRequest } from './whole-request.ts';

const unknownYet: KmsKeyMaterial = { missing: [], expirationModel: null, validTo: null };

/**
 * Opens a reader of imported key material from ImportKeyMaterial, DeleteImportedKeyMaterial and
 * DeleteExpiredKeyMaterial. A symmetric key may have several materials, each with an id, and is usable only while it
 * has them all; older records contain no ids.
 * Source: KMS API Reference, ImportKeyMaterial and DeleteImportedKeyMaterial (KeyMaterialId).
 * @returns a reader without events; a key without events is unknown.
 * @example openKeyMaterial().read['kms.keyMaterial'](key).known // false
 */
export function openKeyMaterial(): TrailSubject<'kms.keyMaterial', ArnResource> {
  const materials = new Map<string, Known<KmsKeyMaterial>>();

  return {
    learn(event) {
      for (const { arn } of keyInEvent(event)) {
        const value = materialAfter(event, materials.get(arn)?.value ?? unknownYet);
        if (value !== undefined) materials.set(arn, known(value, sourceOf(event)));
      }
    },
    read: {
      'kms.keyMaterial': ({ arn }) =>
        materials.get(arn) ??
        unknownFact('not-in-trail', 'the trail does not show any import of key material'),
    },
  };
}

function materialAfter(event: TrailEvent, before: KmsKeyMaterial): KmsKeyMaterial | undefined {
  const keyMaterialId =
    text(event.response, 'keyMaterialId') ??
    text(event.request, 'keyMaterialId') ??
    text(event.serviceEventDetails, 'keyMaterialId') ??
    text(event.additional, 'keyMaterialId') ??
    null;
  const others = before.missing.filter((deleted) => deleted.keyMaterialId !== keyMaterialId);
  switch (event.eventName) {
    case 'ImportKeyMaterial': {
      const stated = wholeRequest(event) !== undefined;
      // Material without an id is the only material of its key.
      const missing =
        keyMaterialId === null ? [] : others.filter((deleted) => deleted.keyMaterialId !== null);
      return {
        missing,
        // Source: ImportKeyMaterial, ExpirationModel: "The default is KEY_MATERIAL_EXPIRES."
        expirationModel: text(event.request, 'expirationModel') ?? (stated ? 'KEY_MATERIAL_EXPIRES' : null),
        validTo: text(event.request, 'validTo') ?? null,
      };
    }
    case 'DeleteImportedKeyMaterial':
      return { ...before, missing: [...others, { keyMaterialId, because: 'DELETED' }] };
    case 'DeleteExpiredKeyMaterial':
      return { ...before, missing: [...others, { keyMaterialId, because: 'EXPIRED' }] };
    default:
      return undefined;
  }
}
