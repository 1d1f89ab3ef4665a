import * as z from 'zod/mini';
import { defineControl, fail, notApplicable, observe, pass, unknown } from '../../../core/control.ts';
import { orOneOf } from '../../../core/narrowing.ts';
import { shorten } from '../../../iam/condition.ts';
import { keyInEvent } from '../resources.ts';

/**
 * A key of imported material is unusable from the moment the material is deleted or expires, and KMS has no copy:
 * only the owner of the original can import it again.
 * Source: AWS KMS Developer Guide, "Importing key material"; KMS API Reference, ImportKeyMaterial and
 * DeleteImportedKeyMaterial.
 */
export const kmsKeyMaterial = defineControl({
  id: 'kms-key-material',
  title: 'Imported KMS key material should be neither deleted nor expired',
  description:
    'Deleting imported key material takes effect at once, with no waiting period, and makes everything under ' +
    'the key unreadable until the same material is imported again; KMS keeps no copy of it. Material that was ' +
    'imported with an expiry is deleted by KMS on that day. The policy may forbid an expiry altogether. Keys ' +
    'whose material was not imported are not concerned.',
  severity: 'HIGH',
  resourceType: 'AwsKmsKey',
  standards: {
    'NIST.800-53.r5': ['SC-12', 'SC-12(1)', 'SC-12(2)'],
    'PCI DSS v4.0.1': [],
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteImportedKeyMaterial', 'ImportKeyMaterial'],
      resources: keyInEvent,
    },
    {
      kind: 'service-event',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteExpiredKeyMaterial'],
      resources: keyInEvent,
    },
  ],
  deletions: [
    {
      kind: 'service-event',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteKey'],
      resources: keyInEvent,
    },
  ],
  facts: ['kms.key', 'kms.keyMaterial'],
  settings: z.strictObject({
    allowExpiringMaterial: z
      ._default(z.boolean(), true)
      .check(z.describe('Whether material may be imported with an expiry.')),
  }),
  narrowing: { allowExpiringMaterial: orOneOf(false) },
  evaluate(key, facts, settings) {
    const metadata = facts['kms.key'];
    const material = facts['kms.keyMaterial'];
    const required = settings.allowExpiringMaterial
      ? 'all imported key material present'
      : 'all imported key material present, and none that expires';
    const seen = [
      observe('missing', material, (value) => value.missing.map(describe).slice(0, 20)),
      ...(material.known
        ? [
            observe('expirationModel', material, (value) => value.expirationModel),
            observe('validTo', material, (value) => value.validTo),
          ]
        : []),
      observe('origin', metadata, (value) => value.origin),
    ];
    const origin = metadata.known ? metadata.value.origin : null;
    // An event about imported material proves that the key had some, whatever other facts say.
    const imported = material.known && material.source.kind === 'event';
    if (!imported && origin !== null && origin !== 'EXTERNAL') {
      return notApplicable(
        `The key material of ${key.id} was not imported: its origin is ${origin}.`,
        required,
        seen,
      );
    }
    if (!material.known) {
      return unknown(`The key material of ${key.id} is unknown: ${material.detail}.`, required, seen);
    }
    const { missing, expirationModel, validTo } = material.value;
    if (missing.length > 0) {
      return fail(`Key ${key.id} lacks key material: ${shorten(missing.map(describe))}.`, required, seen);
    }
    const until = validTo === null ? '' : ` (valid to ${validTo})`;
    const expires = expirationModel === 'KEY_MATERIAL_EXPIRES';
    if (settings.allowExpiringMaterial || expirationModel === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
      const how = expires ? `, and expires${until}` : '';
      return pass(`The key material of ${key.id} was imported${how}.`, required, seen);
    }
    return expires
      ? fail(`The key material of ${key.id} expires${until}.`, required, seen)
      : unknown(`Whether the key material of ${key.id} expires is unknown.`, required, seen);
  },
  actions: ['notify', 'tag'],
  remediation:
    'Import the same material again from where the original is kept: aws kms get-parameters-for-import, wrap ' +
    'it, then: aws kms import-key-material --key-id ARN --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE ' +
    '--import-token fileb://token --encrypted-key-material fileb://material.',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html',
});

function describe(deleted: {
  readonly keyMaterialId: string | null;
  readonly because: 'DELETED' | 'EXPIRED' | null;
}): string {
  // Missing material without an id and a reason may be the first one, not imported yet.
  if (deleted.keyMaterialId === null && deleted.because === null) {
    return 'the material was deleted, has expired or was never imported';
  }
  const which =
    deleted.keyMaterialId === null ? 'the imported material' : `material ${deleted.keyMaterialId}`;
  switch (deleted.because) {
    case 'DELETED':
      return `${which} was deleted`;
    case 'EXPIRED':
      return `${which} expired`;
    case null:
      return `${which} was deleted or has expired`;
  }
}
