/** The one fix that nothing takes back, over an EKS that takes its time and a mocked KMS. */
import { DescribeKeyCommand, type KeyMetadata, NotFoundException } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { associateEncryption } from '../../../../lib/services/eks/fixes/associate-encryption.ts';
import { acting, targetOf } from '../../../remediation/actions/acting.ts';
import { accountRegion } from '../../../remediation/actions/simulated-resource.ts';
import { clusterArn, fakeEks } from './fake-eks.ts';

const key = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const other = `${key.slice(0, -1)}c`;
const fit: KeyMetadata = {
  KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
  Arn: key,
  AWSAccountId: accountRegion.account,
  KeyManager: 'CUSTOMER',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
};

function associating(keys: unknown = [key], behaviour: Parameters<typeof fakeEks>[1] = {}) {
  const world = acting(associateEncryption);
  const eks = fakeEks(world.deps.clients.eks, behaviour);
  const kms = mockClient(world.deps.clients.kms);
  const describeAs = (more: Partial<KeyMetadata>) =>
    kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { ...fit, ...more } });
  describeAs({});
  return {
    ...world,
    eks,
    kms,
    describeAs,
    target: targetOf('eks-secrets-encryption', 'AwsEksCluster', 'app', clusterArn, { key: keys }),
  };
}

describe('associating a key', () => {
  it('gives the cluster the one that the policy names, for its secrets', async () => {
    const { eks, target, carryOut } = associating();
    const { kind } = await carryOut(target);
    expect([kind, eks.cluster.encryptionConfig]).toEqual([
      'done',
      [{ resources: ['secrets'], provider: { keyArn: key } }],
    ]);
  });

  it('tells beforehand that it stays', async () => {
    const { target, carryOut, history } = associating();
    await carryOut(target);
    const actionRun = await history.latest(target.finding.id, 'fix:associate-encryption');
    expect(actionRun?.plan).toEqual([
      `Associate cluster app with the key ${key}, which can be neither changed nor taken back.`,
    ]);
  });

  it('is verified when EKS is through with it', async () => {
    const { waits, target, carryOut } = associating([key], { reads: 3 });
    expect(await carryOut(target)).toMatchObject({
      kind: 'done',
      actionRun: { after: [`the cluster's key is ${key}`] },
    });
    expect(waits.length).toBe(3);
  });

  it('is under way while EKS takes more than four minutes, and asked for once', async () => {
    const { eks, target, carryOut } = associating([key], { reads: 30 });
    const kinds = [(await carryOut(target)).kind, (await carryOut(target)).kind];
    expect([kinds, eks.updates]).toEqual([['under-way', 'done'], 1]);
  });

  it('that EKS gives up is partially completed, with the reason', async () => {
    const { target, carryOut } = associating([key], { reads: 2, fails: true });
    expect(await carryOut(target)).toMatchObject({
      kind: 'partially-completed',
      because:
        'AWS did not do all of it: Error (EKS ended update update-1 of cluster app as Failed: AccessDenied (no role)).',
      differences: ["the cluster's key is none"],
    });
  });

  it('is not resumed once the key is not fit any more', async () => {
    const { eks, describeAs, history, target, carryOut } = associating([key], { reads: 1_000 });
    await carryOut(target);
    // The update came to nothing, and the key was disabled meanwhile.
    eks.abandon();
    describeAs({ KeyState: 'Disabled' });
    const outcome = await carryOut(target);
    expect([outcome.kind, 'because' in outcome ? outcome.because : '', eks.updates]).toEqual([
      'partially-completed',
      `AWS did not do all of it: Error (the key can't be associated any more: Key ${key} is Disabled, and must be enabled first).`,
      1,
    ]);
    expect((await history.latest(target.finding.id, 'fix:associate-encryption'))?.status).toBe('begun');
  });

  it('is superseded where somebody else has associated another key meanwhile', async () => {
    const { eks, history, target, carryOut } = associating([key], { reads: 1_000 });
    await carryOut(target);
    eks.abandon();
    eks.cluster.encryptionConfig = [{ resources: ['secrets'], provider: { keyArn: other } }];
    const { kind } = await carryOut(target);
    expect([kind, (await history.latest(target.finding.id, 'fix:associate-encryption'))?.status]).toEqual([
      'skipped',
      'superseded',
    ]);
  });

  it('is needless where the cluster has that key', async () => {
    const { eks, target, carryOut } = associating();
    eks.cluster.encryptionConfig = [{ resources: ['secrets'], provider: { keyArn: key } }];
    expect(await carryOut(target)).toEqual({
      kind: 'needless',
      because: `Cluster app has the key ${key} already.`,
    });
  });

  it('can not be undone, and says why', async () => {
    const { target, carryOut, undo } = associating();
    await carryOut(target);
    expect(await undo(target)).toEqual({
      kind: 'impossible',
      because: 'EKS neither changes nor takes away a key that was associated with a cluster.',
    });
  });
});

describe('associating a key is skipped', () => {
  const notOne =
    'The policy does not name the key: list just one key ARN in the setting key of eks-secrets-encryption.';

  it.each([
    ['AWS’s own encryption is good enough', 'default', notOne],
    ['any customer managed key is good enough', 'customer-managed', notOne],
    ['there is a choice of keys', [key, other], notOne],
    [
      'what is listed is an alias',
      [`arn:aws:kms:${accountRegion.region}:${accountRegion.account}:alias/eks`],
      `The policy names arn:aws:kms:${accountRegion.region}:${accountRegion.account}:alias/eks, which is not the ARN of a KMS key.`,
    ],
    ['what is listed is no ARN', ['1234'], 'The policy names 1234, which is not the ARN of a KMS key.'],
    [
      'the key is of another account',
      [`arn:aws:kms:${accountRegion.region}:444455556666:key/k`],
      `Key arn:aws:kms:${accountRegion.region}:444455556666:key/k is not of account ${accountRegion.account}, and nothing elsewhere is changed from here.`,
    ],
    [
      'the key is of another Region',
      [`arn:aws:kms:eu-north-1:${accountRegion.account}:key/k`],
      `Key arn:aws:kms:eu-north-1:${accountRegion.account}:key/k is not in ${accountRegion.region}, where cluster app is.`,
    ],
  ])('where %s', async (_what, keys, because) => {
    const { eks, target, carryOut } = associating(keys);
    expect([await carryOut(target), eks.updates]).toEqual([{ kind: 'skipped', because }, 0]);
  });

  it.each<[string, Partial<KeyMetadata>, string]>([
    ['is disabled', { KeyState: 'Disabled' }, `Key ${key} is Disabled, and must be enabled first.`],
    [
      'is to be deleted',
      { KeyState: 'PendingDeletion' },
      `Key ${key} is PendingDeletion, and must be enabled first.`,
    ],
    [
      'is asymmetric',
      { KeySpec: 'RSA_2048' },
      `Key ${key} is of spec RSA_2048 for ENCRYPT_DECRYPT, and EKS takes only symmetric ones for encryption.`,
    ],
    [
      'makes MACs',
      { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
      `Key ${key} is of spec HMAC_256 for GENERATE_VERIFY_MAC, and EKS takes only symmetric ones for encryption.`,
    ],
    ['is managed by AWS', { KeyManager: 'AWS' }, `AWS manages key ${key}.`],
  ])('where the key %s', async (_what, more, because) => {
    const { eks, describeAs, target, carryOut } = associating();
    describeAs(more);
    expect([await carryOut(target), eks.updates]).toEqual([{ kind: 'skipped', because }, 0]);
  });

  it('where there is no such key', async () => {
    const { kms, target, carryOut } = associating();
    kms.on(DescribeKeyCommand).rejects(new NotFoundException({ $metadata: {}, message: '' }));
    expect(await carryOut(target)).toEqual({ kind: 'skipped', because: `There is no key ${key}.` });
  });

  it('where the cluster has another key, which can not be changed', async () => {
    const { eks, target, carryOut } = associating();
    eks.cluster.encryptionConfig = [{ resources: ['secrets'], provider: { keyArn: other } }];
    expect(await carryOut(target)).toEqual({
      kind: 'skipped',
      because: `Cluster app has an encryptionConfig with ${other}, which can't be changed.`,
    });
  });

  it('while another update of the cluster is under way', async () => {
    const { eks, target, carryOut } = associating();
    eks.cluster.status = 'UPDATING';
    expect((await carryOut(target)).kind).toBe('skipped');
  });

  it('where the cluster was deleted', async () => {
    const { eks, target, carryOut } = associating();
    eks.exists = false;
    expect((await carryOut(target)).kind).toBe('skipped');
  });
});
