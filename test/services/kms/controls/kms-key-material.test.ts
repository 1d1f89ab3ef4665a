import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../../lib/core/control.ts';
import { known, unknownFact } from '../../../../lib/core/facts.ts';
import { kmsKeyMaterial as control } from '../../../../lib/services/kms/controls/kms-key-material.ts';
import type { KmsKeyMaterial } from '../../../../lib/services/kms/facts.ts';
import { evaluateTrail } from '../../../evaluating.ts';
import { account, keyArn, keyId, kms, region } from './records.ts';

const importOf = (
  request: unknown = { keyId, expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
  keyMaterialId?: string,
) => kms('ImportKeyMaterial', { request, response: { keyMaterialId } });
const deletionOf = (keyMaterialId?: string) =>
  kms('DeleteImportedKeyMaterial', { request: { keyId, keyMaterialId } });
const expiry = kms('DeleteExpiredKeyMaterial', { serviceEventDetails: { keyId } });
const expiring = { keyId, validTo: 'Jan 1, 2027 8:00:00 PM', expirationModel: 'KEY_MATERIAL_EXPIRES' };

/** Evaluates by facts as AWS answers them. */
function evaluateByAws(
  origin: string | null,
  missing: KmsKeyMaterial['missing'] = [],
  metadata?: Facts['kms.key'],
) {
  const source = { kind: 'api', call: 'DescribeKey', at: '2026-09-14T08:12:30Z' } as const;
  const told = {
    origin,
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    keyManager: 'CUSTOMER',
    customKeyStoreId: null,
    multiRegionKeyType: 'NONE',
  } as const;
  return control.evaluate(
    { type: 'AwsKmsKey', id: keyId, arn: keyArn, account, region },
    {
      'kms.key': metadata ?? known(told, source),
      'kms.keyMaterial': known({ missing, expirationModel: null, validTo: null }, source),
    },
    { allowExpiringMaterial: true },
  );
}

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}

describe('kms-key-material', () => {
  it('fails when material is deleted or expires, until it is imported again', async () => {
    expect(await verdicts([importOf(), deletionOf(), importOf(), expiry, importOf()])).toEqual([
      'PASS',
      'FAIL',
      'PASS',
      'FAIL',
      'PASS',
    ]);
  });

  it('finds the key of an expiry in the details of the service event', async () => {
    const record = kms('DeleteExpiredKeyMaterial', { arn: null, serviceEventDetails: { keyId } });
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.resource.id).toBe(keyId);
  });

  it('shows when material expires, as it was written', async () => {
    const [evaluated] = await evaluateTrail(control, [importOf(expiring)]);
    expect(evaluated?.evidence.summary).toBe(
      `The key material of ${keyId} was imported, and expires (valid to Jan 1, 2027 8:00:00 PM).`,
    );
  });

  it.each(['AWS_KMS', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'])(
    'is not about a key whose material comes from %s',
    (origin) => {
      const { verdict, evidence } = evaluateByAws(origin);
      expect(verdict).toBe('NOT_APPLICABLE');
      expect(evidence.summary).toBe(
        `The key material of ${keyId} was not imported: its origin is ${origin}.`,
      );
    },
  );

  it('believes an event about imported material, whatever an earlier one said of the origin', async () => {
    const made = kms('CreateKey', {
      responseElements: { keyMetadata: { origin: 'AWS_KMS', keySpec: 'SYMMETRIC_DEFAULT' } },
    });
    const [evaluated] = await evaluateTrail(control, [made, kms('DeleteImportedKeyMaterial')]);
    expect(evaluated?.verdict).toBe('FAIL');
  });

  it('evaluates by the material where the origin is unknown', () => {
    expect(evaluateByAws(null).verdict).toBe('PASS');
  });

  it('evaluates by the material where nothing is known of the key', () => {
    expect(evaluateByAws(null, [], unknownFact('denied', 'no')).verdict).toBe('PASS');
  });

  describe('when AWS does not tell why material is missing', () => {
    it('fails without choosing a cause', () => {
      const { verdict, evidence } = evaluateByAws('EXTERNAL', [{ keyMaterialId: 'a', because: null }]);
      expect(verdict).toBe('FAIL');
      expect(evidence.summary).toBe(
        `Key ${keyId} lacks key material: material a was deleted or has expired.`,
      );
    });

    it('does not claim that material without an id was ever imported', () => {
      const { evidence } = evaluateByAws('EXTERNAL', [{ keyMaterialId: null, because: null }]);
      expect(evidence.summary).toBe(
        `Key ${keyId} lacks key material: the material was deleted, has expired or was never imported.`,
      );
    });
  });

  describe('of a key with several materials', () => {
    it('fails while any one is missing', async () => {
      expect(await verdicts([deletionOf('a'), deletionOf('b'), importOf({ keyId }, 'a')])).toEqual([
        'FAIL',
        'FAIL',
        'FAIL',
      ]);
    });

    it('passes once each is back', async () => {
      const trail = [deletionOf('a'), deletionOf('b'), importOf({ keyId }, 'b'), importOf({ keyId }, 'a')];
      expect((await verdicts(trail)).at(-1)).toBe('PASS');
    });

    it('counts one that is lost twice once', async () => {
      const evaluated = await evaluateTrail(control, [deletionOf('a'), deletionOf('a')]);
      expect(evaluated.at(-1)?.evidence.summary).toBe(
        `Key ${keyId} lacks key material: material a was deleted.`,
      );
    });
  });

  describe('where none may expire', () => {
    const settings = { allowExpiringMaterial: false };

    it.each([
      [expiring, 'FAIL'],
      [{ keyId }, 'FAIL'],
      [{ keyId, expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }, 'PASS'],
      [null, 'UNKNOWN'],
    ])('evaluates the request %j: %s', async (request, verdict) => {
      expect(await verdicts([importOf(request)], settings)).toEqual([verdict]);
    });
  });
});
