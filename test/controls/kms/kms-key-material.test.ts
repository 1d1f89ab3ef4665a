import { describe, expect, it } from 'vitest';
import { kmsKeyMaterial as control } from '../../../lib/controls/kms/kms-key-material.ts';
import { judgeTrail } from '../../judging.ts';
import { keyId, kms } from './records.ts';

const importOf = (
  request: unknown = { keyId, expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
  keyMaterialId?: string,
) => kms('ImportKeyMaterial', { request, response: { keyMaterialId } });
const deletionOf = (keyMaterialId?: string) =>
  kms('DeleteImportedKeyMaterial', { request: { keyId, keyMaterialId } });
const expiry = kms('DeleteExpiredKeyMaterial', { serviceEventDetails: { keyId } });
const expiring = { keyId, validTo: 'Jan 1, 2027 8:00:00 PM', expirationModel: 'KEY_MATERIAL_EXPIRES' };

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await judgeTrail(control, records, settings)).map(({ verdict }) => verdict);
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
    const [judged] = await judgeTrail(control, [record]);
    expect(judged?.resource.id).toBe(keyId);
  });

  it('shows when material expires, as it was written', async () => {
    const [judged] = await judgeTrail(control, [importOf(expiring)]);
    expect(judged?.evidence.summary).toBe(
      `The key material of ${keyId} was imported, and expires (valid to Jan 1, 2027 8:00:00 PM).`,
    );
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
      const judged = await judgeTrail(control, [deletionOf('a'), deletionOf('a')]);
      expect(judged.at(-1)?.evidence.summary).toBe(
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
    ])('judges the request %j: %s', async (request, verdict) => {
      expect(await verdicts([importOf(request)], settings)).toEqual([verdict]);
    });
  });
});
