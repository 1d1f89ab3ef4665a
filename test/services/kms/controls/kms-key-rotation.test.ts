import { describe, expect, it } from 'vitest';
import { kmsKeyRotation as control } from '../../../../lib/services/kms/controls/kms-key-rotation.ts';
import { evaluateTrail } from '../../../evaluating.ts';
import { createKey, keyId, kms, mrkArn, mrkId } from './records.ts';

const enable = kms('EnableKeyRotation', { request: { keyId } });
const disable = kms('DisableKeyRotation', { request: { keyId } });

async function verdicts(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}

describe('kms-key-rotation', () => {
  it('claims no control of AWS FSBP, as KMS.4 is part of other standards only', () => {
    expect(control.standards['AWS FSBP']).toEqual([]);
  });

  it('follows a key from its creation, when it is not rotated yet', async () => {
    expect(await verdicts([createKey(), enable, disable, enable])).toEqual(['FAIL', 'PASS', 'FAIL', 'PASS']);
  });

  it.each([
    ['an asymmetric key', { keySpec: 'RSA_4096', keyUsage: 'SIGN_VERIFY' }, 'its spec is RSA_4096'],
    ['an HMAC key', { keySpec: 'HMAC_256', keyUsage: 'GENERATE_VERIFY_MAC' }, 'its spec is HMAC_256'],
    ['imported material', { origin: 'EXTERNAL' }, 'its key material is imported'],
    [
      'a CloudHSM key store',
      { origin: 'AWS_CLOUDHSM', customKeyStoreId: 'cks-1234567890abcdef0' },
      'its key material is kept in AWS_CLOUDHSM',
    ],
    [
      'an external key store',
      { origin: 'EXTERNAL_KEY_STORE' },
      'its key material is kept in EXTERNAL_KEY_STORE',
    ],
    ['an AWS managed key', { keyManager: 'AWS' }, 'AWS manages it, and rotates it every year'],
    [
      'a replica',
      { multiRegion: true, multiRegionConfiguration: { multiRegionKeyType: 'REPLICA' } },
      'it is a replica, rotated with its primary key',
    ],
  ])('does not concern %s', async (_what, metadata, because) => {
    const [evaluated] = await evaluateTrail(control, [createKey(metadata)]);
    expect(evaluated?.verdict).toBe('NOT_APPLICABLE');
    expect(evaluated?.evidence.summary).toBe(`KMS does not rotate key ${keyId}: ${because}.`);
  });

  it('reads the old name of the spec', async () => {
    expect(await verdicts([createKey({ keySpec: undefined, customerMasterKeySpec: 'RSA_2048' })])).toEqual([
      'NOT_APPLICABLE',
    ]);
  });

  it('takes a creation whose request names nothing by the defaults of the API', async () => {
    expect(await verdicts([kms('CreateKey', { request: {} })])).toEqual(['FAIL']);
  });

  it.each([[null], [{ omitted: true }]])(
    'does not know what a creation with request %j made',
    async (request) => {
      expect(await verdicts([kms('CreateKey', { request })])).toEqual(['UNKNOWN']);
    },
  );

  it('fails a disabled rotation of a key whose creation the trail does not show', async () => {
    expect(await verdicts([disable])).toEqual(['FAIL']);
  });

  it('is not concerned by a disabled rotation of a key that can have none', async () => {
    expect(await verdicts([createKey({ origin: 'EXTERNAL' }), disable])).toEqual([
      'NOT_APPLICABLE',
      'NOT_APPLICABLE',
    ]);
  });

  it('knows a key of imported material by the import alone', async () => {
    expect(await verdicts([kms('ImportKeyMaterial', { request: { keyId } }), disable])).toEqual([
      'NOT_APPLICABLE',
    ]);
  });

  describe('with a longest period', () => {
    const settings = { maxRotationPeriodInDays: 365 };
    const enableWith = (rotationPeriodInDays: unknown) =>
      kms('EnableKeyRotation', { request: { keyId, rotationPeriodInDays } });

    it.each([
      [90, 'PASS'],
      [365, 'PASS'],
      [366, 'FAIL'],
      ['730', 'FAIL'],
    ])('evaluates a period of %j days: %s', async (days, verdict) => {
      expect(await verdicts([enableWith(days)], settings)).toEqual([verdict]);
    });

    it('takes a year where the request names no period', async () => {
      expect(await verdicts([enable], settings)).toEqual(['PASS']);
    });

    it('does not know the period where no request is recorded', async () => {
      expect(await verdicts([kms('EnableKeyRotation')], settings)).toEqual(['UNKNOWN']);
    });

    it('accepts any period by default', async () => {
      expect(await verdicts([enableWith(2560)])).toEqual(['PASS']);
    });
  });

  describe('of multi-Region keys', () => {
    const here = mrkArn('us-west-2');
    const there = mrkArn('eu-west-1');
    const createPrimary = createKey(
      { multiRegion: true, multiRegionConfiguration: { multiRegionKeyType: 'PRIMARY' } },
      { multiRegion: true },
      here,
    );
    const replicate = kms('ReplicateKey', {
      arn: here,
      request: { keyId: mrkId, replicaRegion: 'eu-west-1' },
      response: { replicaKeyMetadata: { arn: there, keySpec: 'SYMMETRIC_DEFAULT', origin: 'AWS_KMS' } },
    });
    const createReplica = kms('CreateKey', { arn: there, awsRegion: 'eu-west-1' });
    const movePrimary = kms('UpdatePrimaryRegion', {
      arn: here,
      request: { keyId: mrkId, primaryRegion: 'eu-west-1' },
    });
    const disableThere = kms('DisableKeyRotation', { arn: there, awsRegion: 'eu-west-1' });

    it('evaluates the primary', async () => {
      expect(await verdicts([createPrimary])).toEqual(['FAIL']);
    });

    it('leaves the replica that a replication creates to its primary', async () => {
      expect(await verdicts([createPrimary, replicate, createReplica])).toEqual(['FAIL', 'NOT_APPLICABLE']);
    });

    it('does not know a multi-Region key of which it does not know whether it is a replica', async () => {
      expect(await verdicts([createReplica])).toEqual(['UNKNOWN']);
    });

    it('evaluates what was a replica once it is the primary', async () => {
      expect(await verdicts([createPrimary, replicate, movePrimary, disableThere])).toEqual(['FAIL', 'FAIL']);
    });
  });

  it.each([89, 2561, 100.5, '365'])('refuses %j days as a setting', (maxRotationPeriodInDays) => {
    expect(control.settings.safeParse({ maxRotationPeriodInDays }).success).toBe(false);
  });
});
