import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  type RotationsListEntry,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { account, key, keyArn, keyId, kmsError, mockAws, resource } from '../../pipeline/gathering.ts';

function withKey(metadata: Partial<KeyMetadata>) {
  const aws = mockAws();
  aws.kms.on(DescribeKeyCommand, { KeyId: keyArn }).resolves({ KeyMetadata: { KeyId: keyId, ...metadata } });
  return aws;
}

describe('the state of a key', () => {
  it('is as KMS has it, without who brought it about', async () => {
    const aws = withKey({
      KeyState: 'PendingDeletion',
      DeletionDate: new Date('2026-12-21T10:00:00Z'),
    });
    expect(await aws.read(key, 'kms.keyState')).toMatchObject({
      value: {
        keyState: 'PendingDeletion',
        pendingWindowInDays: null,
        deletionDate: '2026-12-21T10:00:00.000Z',
        changedBy: null,
      },
    });
  });

  it.each(['Creating', 'Updating'] as const)('is re-evaluated later while it is %s', async (state) => {
    expect(await withKey({ KeyState: state }).read(key, 'kms.keyState')).toMatchObject({
      reason: 'not-ready',
    });
  });
});

describe('a key', () => {
  it.each(['kms.key', 'kms.keyState', 'kms.keyPolicy', 'kms.rotation', 'kms.keyMaterial'] as const)(
    'that KMS does not know was deleted, whatever is asked of it: %s',
    async (name) => {
      const aws = mockAws();
      aws.kms.onAnyCommand().rejects(kmsError('NotFoundException', 'no such key'));
      const [facts] = await aws.gather([{ resource: key, facts: [name], mayBeDeleted: true }]);
      expect(facts?.[name]).toMatchObject({ reason: 'deleted' });
    },
  );

  it.each(['PendingDeletion', 'PendingReplicaDeletion'] as const)(
    'that is %s exists, and is returned',
    async (state) => {
      const aws = withKey({ KeyState: state });
      expect(await aws.read(key, 'kms.keyState')).toMatchObject({ value: { keyState: state } });
    },
  );

  it.each<[Partial<KeyMetadata>, string | null]>([
    [{ MultiRegion: false }, 'NONE'],
    [{ MultiRegion: true, MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' } }, 'REPLICA'],
    [{ KeyId: 'mrk-1234abcd12ab34cd56ef1234567890ab' }, null],
  ])('with %j is of many Regions: %s', async (metadata, multiRegionKeyType) => {
    expect(await withKey(metadata).read(key, 'kms.key')).toMatchObject({ value: { multiRegionKeyType } });
  });
});

describe('rotation', () => {
  it.each([
    [
      { KeyRotationEnabled: true, RotationPeriodInDays: 180 },
      { enabled: true, rotationPeriodInDays: 180 },
    ],
    [{ KeyRotationEnabled: false }, { enabled: false, rotationPeriodInDays: null }],
  ])('%j', async (answer, value) => {
    const aws = withKey({ KeyState: 'Enabled' });
    aws.kms.on(GetKeyRotationStatusCommand).resolves(answer);
    expect(await aws.read(key, 'kms.rotation')).toMatchObject({ value });
  });

  it.each(['PendingDeletion', 'PendingReplicaDeletion'] as const)(
    'is unknown while the key is %s: KMS says false then, whatever it was',
    async (state) => {
      const aws = withKey({ KeyState: state });
      aws.kms.on(GetKeyRotationStatusCommand).resolves({ KeyRotationEnabled: false });
      expect(await aws.read(key, 'kms.rotation')).toMatchObject({ reason: 'unreadable' });
    },
  );

  it('that is off is unknown where the state of the key may not be read', async () => {
    const aws = mockAws();
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('AccessDeniedException', 'no'));
    aws.kms.on(GetKeyRotationStatusCommand).resolves({ KeyRotationEnabled: false });
    expect(await aws.read(key, 'kms.rotation')).toMatchObject({ reason: 'denied' });
  });

  it('is off for a key that KMS does not rotate', async () => {
    const aws = withKey({ KeyState: 'Enabled', KeySpec: 'RSA_2048' });
    aws.kms.on(GetKeyRotationStatusCommand).rejects(kmsError('UnsupportedOperationException', ''));
    expect(await aws.read(key, 'kms.rotation')).toMatchObject({ value: { enabled: false } });
  });
});

// moto does not import key material.
describe('imported key material', () => {
  const validTo = new Date('2027-01-01T00:00:00Z');

  function withMaterial(metadata: Partial<KeyMetadata>, ...pages: readonly RotationsListEntry[][]) {
    const aws = withKey({ Origin: 'EXTERNAL', ...metadata });
    pages.forEach((Rotations, index) => {
      const next = index + 1 < pages.length ? { Truncated: true, NextMarker: `page ${index + 1}` } : {};
      aws.kms
        .on(ListKeyRotationsCommand, index === 0 ? {} : { Marker: `page ${index}` })
        .resolves({ Rotations, ...next });
    });
    return aws;
  }

  it.each<[string, Partial<KeyMetadata>, RotationsListEntry[], object]>([
    [
      'all there, and kept for good',
      { KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
      [{ KeyMaterialId: 'a', ImportState: 'IMPORTED' }],
      { missing: [], expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', validTo: null },
    ],
    [
      'all there, one of which expires',
      { KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
      [
        { KeyMaterialId: 'a', ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
        {
          KeyMaterialId: 'b',
          ImportState: 'IMPORTED',
          ExpirationModel: 'KEY_MATERIAL_EXPIRES',
          ValidTo: validTo,
        },
      ],
      { missing: [], expirationModel: 'KEY_MATERIAL_EXPIRES', validTo: '2027-01-01T00:00:00.000Z' },
    ],
    [
      'one of two deleted',
      { KeyState: 'PendingImport' },
      [
        { KeyMaterialId: 'a', ImportState: 'PENDING_IMPORT' },
        { KeyMaterialId: 'b', ImportState: 'IMPORTED' },
      ],
      { missing: [{ keyMaterialId: 'a', because: null }] },
    ],
    [
      'deleted without a name',
      { KeyState: 'PendingImport' },
      [],
      { missing: [{ keyMaterialId: null, because: null }] },
    ],
  ])('%s', async (_what, metadata, listed, value) => {
    expect(await withMaterial(metadata, listed).read(key, 'kms.keyMaterial')).toMatchObject({ value });
  });

  it('is read over all pages', async () => {
    const aws = withMaterial(
      { KeyState: 'PendingImport' },
      [{ KeyMaterialId: 'a', ImportState: 'IMPORTED' }],
      [{ KeyMaterialId: 'b', ImportState: 'PENDING_IMPORT' }],
    );
    expect(await aws.read(key, 'kms.keyMaterial')).toMatchObject({
      value: { missing: [{ keyMaterialId: 'b' }] },
    });
  });

  it('of a key of a kind that is never rotated is known from the key alone', async () => {
    const aws = withKey({
      Origin: 'EXTERNAL',
      KeyState: 'Enabled',
      ExpirationModel: 'KEY_MATERIAL_EXPIRES',
      ValidTo: validTo,
    });
    aws.kms.on(ListKeyRotationsCommand).rejects(kmsError('UnsupportedOperationException', ''));
    expect(await aws.read(key, 'kms.keyMaterial')).toMatchObject({
      value: { missing: [], expirationModel: 'KEY_MATERIAL_EXPIRES', validTo: '2027-01-01T00:00:00.000Z' },
    });
  });

  it('is not asked for of a key whose material KMS made', async () => {
    const aws = withKey({ Origin: 'AWS_KMS', KeyState: 'Enabled' });
    expect(await aws.read(key, 'kms.keyMaterial')).toMatchObject({ value: { missing: [] } });
    expect(aws.calls()).toEqual(['kms:DescribeKey']);
  });
});

describe('a key policy', () => {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };

  it.each([
    ['as KMS makes it', [statement], true],
    ['by another name', [{ ...statement, Sid: 'Root' }], true],
    ['of another account', [{ ...statement, Principal: { AWS: 'arn:aws:iam::444455556666:root' } }], false],
    ['with more', [statement, { ...statement, Principal: '*' }], false],
    ['under a condition', [{ ...statement, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }], false],
  ])('%s is the default: %s', async (_how, statements, isDefault) => {
    const aws = mockAws();
    aws.kms
      .on(GetKeyPolicyCommand)
      .resolves({ Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) });
    expect(await aws.read(key, 'kms.keyPolicy')).toMatchObject({ value: { isDefault: isDefault === true } });
  });

  it('that is no policy is unreadable', async () => {
    const aws = mockAws();
    aws.kms.on(GetKeyPolicyCommand).resolves({ Policy: '{' });
    expect(await aws.read(key, 'kms.keyPolicy')).toMatchObject({ reason: 'unreadable' });
  });
});

describe('a grant', () => {
  const grant = resource('AwsKmsGrant', `${keyId}/abc`, { arn: keyArn });

  it('is asked for by its id', async () => {
    const aws = mockAws();
    aws.kms.on(ListGrantsCommand, { KeyId: keyArn, GrantId: 'abc' }).resolves({
      Grants: [
        {
          GrantId: 'abc',
          GranteeServicePrincipal: 'rds.amazonaws.com',
          RetiringServicePrincipal: 'rds.amazonaws.com',
          Operations: ['Decrypt'],
          Constraints: { EncryptionContextEquals: {} },
        },
      ],
    });
    expect(await aws.read(grant, 'kms.grant')).toMatchObject({
      value: {
        status: 'ACTIVE',
        granteePrincipal: null,
        granteeServicePrincipal: 'rds.amazonaws.com',
        retiringPrincipal: 'rds.amazonaws.com',
        operations: ['Decrypt'],
        constraints: ['encryptionContextEquals'],
      },
    });
  });

  it.each([
    ['lists none', undefined],
    ['does not know the id', kmsError('InvalidGrantIdException', 'no such grant')],
    ['does not know the key', kmsError('NotFoundException', 'no such key')],
  ])('was deleted where KMS %s', async (_how, error) => {
    const aws = mockAws();
    if (error === undefined) aws.kms.on(ListGrantsCommand).resolves({ Grants: [] });
    else aws.kms.on(ListGrantsCommand).rejects(error);
    const [facts] = await aws.gather([{ resource: grant, facts: ['kms.grant'], mayBeDeleted: true }]);
    expect(facts?.['kms.grant']).toEqual({
      known: false,
      reason: 'deleted',
      detail: `kms:ListGrants lists no grant abc of ${keyArn}`,
    });
    expect(aws.waits).toEqual([]);
  });
});
