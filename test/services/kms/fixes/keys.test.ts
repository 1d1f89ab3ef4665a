/** Fixes of KMS keys of kinds that moto has none of, over a mocked KMS. */
import {
  DescribeKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
  type KMSClient,
  ListGrantsCommand,
  NotFoundException,
} from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { AnyAction, Memory } from '../../../../lib/core/action.ts';
import { cancelKeyDeletion } from '../../../../lib/services/kms/fixes/cancel-key-deletion.ts';
import { enableKey } from '../../../../lib/services/kms/fixes/enable-key.ts';
import { enableRotation } from '../../../../lib/services/kms/fixes/enable-rotation.ts';
import { restoreKeyPolicy } from '../../../../lib/services/kms/fixes/restore-key-policy.ts';
import { revokeGrant } from '../../../../lib/services/kms/fixes/revoke-grant.ts';
import { acting, targetOf } from '../../../remediation/actions/acting.ts';
import { accountRegion } from '../../../remediation/actions/simulated-resource.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${id}`;
const enabled: Partial<KeyMetadata> = {
  AWSAccountId: accountRegion.account,
  KeyManager: 'CUSTOMER',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  Origin: 'AWS_KMS',
};
const deleted = new NotFoundException({ $metadata: {}, message: 'no such key' });

/** A key whose rotation is on when it has a period. */
function fakeKms(client: KMSClient, more: Partial<KeyMetadata>, period?: number) {
  const mock = mockClient(client);
  const rotation = { period };
  mock.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: id, ...enabled, ...more } });
  mock.on(GetKeyRotationStatusCommand).callsFake(() => ({
    KeyRotationEnabled: rotation.period !== undefined,
    RotationPeriodInDays: rotation.period,
  }));
  mock.on(EnableKeyRotationCommand).callsFake(({ RotationPeriodInDays: days = 365 }) => {
    rotation.period = days;
    return {};
  });
  mock.on(DisableKeyRotationCommand).callsFake(() => {
    rotation.period = undefined;
    return {};
  });
  return { mock, rotation };
}

function key(
  action: AnyAction,
  more: Partial<KeyMetadata>,
  settings: unknown = {},
  memory: Partial<Memory> = {},
) {
  const fixture = acting(action, memory);
  const kms = fakeKms(fixture.deps.clients.kms, more);
  return { ...fixture, ...kms, target: targetOf('kms-key', 'AwsKmsKey', id, arn, settings) };
}

describe('enabling rotation', () => {
  it.each([
    ['an asymmetric key', { KeySpec: 'RSA_2048' }, 'KMS does not rotate keys of spec RSA_2048'],
    ['imported material', { Origin: 'EXTERNAL' }, 'its material is of origin EXTERNAL'],
    ['a custom key store', { CustomKeyStoreId: 'cks-1' }, 'it is in a custom key store'],
    [
      'a replica',
      { MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' } },
      'is a replica, which is rotated with its primary key',
    ],
    ['a disabled key', { KeyState: 'Disabled' }, 'is Disabled, and must be enabled first'],
    ['a key of AWS', { KeyManager: 'AWS' }, 'AWS manages key'],
    ['a key of another account', { AWSAccountId: '444455556666' }, 'belongs to account 444455556666'],
  ] as const)('is skipped from %s', async (_what, more, because) => {
    const { target, carryOut } = key(enableRotation, more);
    expect(await carryOut(target)).toMatchObject({
      kind: 'skipped',
      because: expect.stringContaining(because),
    });
  });

  it('takes the period that the control requires', async () => {
    const { target, rotation, carryOut } = key(enableRotation, {}, { maxRotationPeriodInDays: 180 });
    await carryOut(target);
    expect(rotation.period).toBe(180);
  });

  it('takes no longer period than KMS does by itself', async () => {
    const { target, rotation, carryOut } = key(enableRotation, {}, { maxRotationPeriodInDays: 700 });
    await carryOut(target);
    expect(rotation.period).toBe(365);
  });

  it('that shortened a period is undone to the longer one', async () => {
    const { target, rotation, carryOut, undo } = key(enableRotation, {}, { maxRotationPeriodInDays: 180 });
    rotation.period = 365;
    await carryOut(target);
    const between = rotation.period;
    await undo(target);
    expect([between, rotation.period]).toEqual([180, 365]);
  });

  it('is not undone when somebody has set another period', async () => {
    const { target, rotation, carryOut, undo } = key(enableRotation, {}, { maxRotationPeriodInDays: 180 });
    await carryOut(target);
    rotation.period = 90;
    expect(await undo(target)).toMatchObject({
      kind: 'refused',
      differences: ['rotation is on, every 90 days'],
    });
  });
});

describe('enabling a key', () => {
  it.each(['PendingDeletion', 'PendingImport', 'Unavailable'] as const)(
    'is skipped from one that is %s',
    async (state) => {
      const { target, carryOut } = key(enableKey, { KeyState: state });
      expect((await carryOut(target)).kind).toBe('skipped');
    },
  );

  it('is skipped from one that was deleted', async () => {
    const { target, mock, carryOut } = key(enableKey, {});
    mock.on(DescribeKeyCommand).rejects(deleted);
    expect((await carryOut(target)).kind).toBe('skipped');
  });
});

describe('cancelling a deletion', () => {
  it('does not enable a key that was last seen disabled', async () => {
    const recall = async () => ({ value: 'Disabled', at: '2026-11-20T10:00:00.000Z' });
    const { target, mock, carryOut } = key(
      cancelKeyDeletion,
      { KeyState: 'PendingDeletion' },
      {},
      { recall },
    );
    mock
      .on(DescribeKeyCommand)
      .resolvesOnce({ KeyMetadata: { KeyId: id, ...enabled, KeyState: 'PendingDeletion' } })
      .resolvesOnce({ KeyMetadata: { KeyId: id, ...enabled, KeyState: 'PendingDeletion' } })
      .resolves({ KeyMetadata: { KeyId: id, ...enabled, KeyState: 'Disabled' } });
    const { kind } = await carryOut(target);
    expect([kind, mock.commandCalls(EnableKeyCommand).length]).toEqual(['done', 0]);
  });

  it('is undone by a command with the same waiting period', () => {
    if (cancelKeyDeletion.undo.kind !== 'command') throw new Error('it is no command');
    const { resource, finding } = targetOf('kms-key-deletion', 'AwsKmsKey', id, arn);
    const before = {
      keyState: 'PendingDeletion',
      pendingWindowInDays: 7,
      deletionDate: null,
      wasEnabled: true,
      lastSeenAt: null,
    };
    expect(cancelKeyDeletion.undo.command({ resource, finding, settings: {} }, before)).toBe(
      `aws kms schedule-key-deletion --region ${accountRegion.region} --key-id ${arn} --pending-window-in-days 7`,
    );
  });
});

describe('restoring a key policy', () => {
  const own = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${accountRegion.account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const open = { Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' };
  const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const of = (present: string, good: string | undefined) => {
    const remembered = good === undefined ? undefined : { value: good, at: '2026-11-20T10:00:00.000Z' };
    const fixture = key(restoreKeyPolicy, {}, {}, { recall: async () => remembered });
    fixture.mock.on(GetKeyPolicyCommand).resolves({ Policy: present });
    return fixture;
  };

  it('is skipped where none was recorded while the key passed', async () => {
    const { target, carryOut } = of(policy(own, open), undefined);
    expect(await carryOut(target)).toEqual({
      kind: 'skipped',
      because: `No policy of key ${id} was recorded while it passed.`,
    });
  });

  it('is skipped where the recorded one does not pass any more', async () => {
    const { target, carryOut } = of(policy(own, open), policy(own, open));
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('is skipped where the present one can not be read', async () => {
    const { target, carryOut } = of('none', policy(own));
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('is needless where the present one passes', async () => {
    const { target, carryOut } = of(policy({ ...own, Sid: 'another' }), policy(own));
    expect((await carryOut(target)).kind).toBe('needless');
  });
});

describe('revoking a grant', () => {
  const grantOf = (granteePrincipal: string) => {
    const fixture = acting(revokeGrant);
    const grant = { GrantId: 'abc', GranteePrincipal: granteePrincipal, Operations: ['Decrypt' as const] };
    mockClient(fixture.deps.clients.kms)
      .on(ListGrantsCommand)
      .resolves({ Grants: [grant] });
    return { ...fixture, target: targetOf('kms-grant', 'AwsKmsGrant', `${id}/abc`, arn) };
  };

  it('is needless where the grantee is of the own account', async () => {
    const { target, carryOut } = grantOf(`arn:aws:iam::${accountRegion.account}:role/app`);
    expect((await carryOut(target)).kind).toBe('needless');
  });

  it('is skipped where no source says the account of the grantee', async () => {
    const { target, carryOut } = grantOf('AROAEXAMPLEEXAMPLE123');
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('tells the command that makes an equal one', () => {
    if (revokeGrant.undo.kind !== 'command') throw new Error('it is no command');
    const { resource, finding } = targetOf('kms-grant', 'AwsKmsGrant', `${id}/abc`, arn);
    const before = {
      grantId: 'abc',
      name: "it's",
      granteePrincipal: 'arn:aws:iam::444455556666:root',
      retiringPrincipal: null,
      operations: ['Decrypt', 'Encrypt'],
      constraints: { EncryptionContextSubset: { app: 'a b' } },
    };
    const settings = { allowedAccounts: [] };
    expect(revokeGrant.undo.command({ resource, finding, settings }, before)).toBe(
      `aws kms create-grant --region ${accountRegion.region} --key-id ${arn} --grantee-principal arn:aws:iam::444455556666:root ` +
        `--operations Decrypt Encrypt --constraints '{"EncryptionContextSubset":{"app":"a b"}}' --name 'it'\\''s'`,
    );
  });
});
