import { describe, expect, it } from 'vitest';
import {
  associateEncryptionCommand,
  eksSecretsEncryption as control,
} from '../../../../lib/services/eks/controls/eks-secrets-encryption.ts';
import { deletedResources, sample } from '../../../evaluating.ts';
import { last, survivesMutations, verdicts } from '../../evaluations.ts';
import { clusterArn, eks } from './events.ts';

const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const otherKey = 'arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321';
const config = (keyArn: string) => ({ encryptionConfig: [{ provider: { keyArn } }] });
const create = (rest: object, answer: object | null = null) =>
  eks('CreateCluster', { name: 'shop', ...rest }, answer === null ? null : { cluster: answer });
const associate = (keyArn: string) => eks('AssociateEncryptionConfig', { name: 'shop', ...config(keyArn) });
const upgrade = (version: string) => eks('UpdateClusterVersion', { name: 'shop', version });

describe('where AWS’s default encryption is accepted', () => {
  it.each([
    ['1.28', 'PASS'],
    ['1.33', 'PASS'],
    ['1.100', 'PASS'],
    ['2.0', 'PASS'],
    ['1.27', 'FAIL'],
    ['1.9', 'FAIL'],
    ['0.99', 'FAIL'],
    ['latest', 'UNKNOWN'],
    ['', 'UNKNOWN'],
  ])('a cluster of version %s without encryptionConfig: %s', async (version, verdict) => {
    expect(await verdicts(control, [create({ version })])).toEqual([verdict]);
  });

  it('takes the version from the answer when the request names none', async () => {
    expect(await verdicts(control, [create({}, { version: '1.27' })])).toEqual(['FAIL']);
  });

  it('is unknown when nothing names the version', async () => {
    expect(await verdicts(control, [create({})])).toEqual(['UNKNOWN']);
  });

  it('does not take a number for a version, as 1.3 could be 1.30', async () => {
    expect(await verdicts(control, [create({ version: 1.3 })])).toEqual(['UNKNOWN']);
  });

  it('passes an old version with a key', async () => {
    expect(await verdicts(control, [create({ version: '1.21', ...config(key) })])).toEqual(['PASS']);
  });

  it('does not read encryptionConfig[].resources', async () => {
    const encryptionConfig = [{ resources: [], provider: { keyArn: key } }];
    expect(await verdicts(control, [create({ version: '1.21', encryptionConfig })])).toEqual(['PASS']);
  });

  it('takes an empty encryptionConfig for none', async () => {
    expect(await verdicts(control, [create({ version: '1.21', encryptionConfig: [] })])).toEqual(['FAIL']);
  });

  it('does not guess about a request that CloudTrail left out', async () => {
    const record = eks('CreateCluster', { omitted: true }, { cluster: { name: 'shop', version: '1.21' } });
    expect(await verdicts(control, [record])).toEqual(['UNKNOWN']);
  });

  it('passes an upgrade to 1.28 of a cluster not seen before', async () => {
    expect(await verdicts(control, [upgrade('1.28')])).toEqual(['PASS']);
  });

  it('is unknown for an upgrade to below 1.28 of a cluster not seen before', async () => {
    expect(await verdicts(control, [upgrade('1.27')])).toEqual(['UNKNOWN']);
  });

  it('fails a rollback to below 1.28', async () => {
    expect(await verdicts(control, [create({ version: '1.28' }), upgrade('1.27')])).toEqual(['PASS', 'FAIL']);
  });

  it('explains that EKS.3 disagrees', async () => {
    const { evidence } = await last(control, [create({ version: '1.33' })]);
    expect(evidence.summary).toContain('EKS.3');
  });

  it('does not speak of encryptionConfig where it knows nothing of it', async () => {
    const { evidence } = await last(control, [upgrade('1.33')]);
    expect(evidence.summary).not.toContain('EKS.3');
  });
});

describe('a key that is associated later', () => {
  it('closes the failure', async () => {
    expect(await verdicts(control, [create({ version: '1.27' }), associate(key)])).toEqual(['FAIL', 'PASS']);
  });

  it('says that it was only requested', async () => {
    const { evidence } = await last(control, [associate(key)]);
    expect(evidence.summary).toContain('requested');
  });

  it('is still there after an upgrade', async () => {
    const records = [associate(key), upgrade('1.27')];
    expect(await verdicts(control, records, { key: 'customer-managed' })).toEqual(['PASS', 'PASS']);
  });

  it('changes nothing where EKS answers that it failed', async () => {
    const failed = { ...associate(key), responseElements: { update: { status: 'Failed' } } };
    expect(await verdicts(control, [create({ version: '1.27' }), failed])).toEqual(['FAIL', 'FAIL']);
  });

  it('is read from the answer where the request does not show it', async () => {
    const value = JSON.stringify([{ provider: { keyArn: key } }]);
    const record = eks(
      'AssociateEncryptionConfig',
      { name: 'shop' },
      { update: { params: [{ type: 'EncryptionConfig', value }] } },
    );
    expect(await verdicts(control, [record], { key: [key] })).toEqual(['PASS']);
  });
});

describe('where a customer managed key is required', () => {
  const settings = { key: 'customer-managed' };

  it.each([
    [key, 'PASS'],
    ['alias/eks', 'PASS'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', 'PASS'],
    ['alias/aws/ebs', 'FAIL'],
    ['arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs', 'FAIL'],
  ])('%s: %s', async (keyArn, verdict) => {
    expect(await verdicts(control, [create({ version: '1.33', ...config(keyArn) })], settings)).toEqual([
      verdict,
    ]);
  });

  it('fails a new version without encryptionConfig, and says that it is no plaintext', async () => {
    const { verdict, evidence } = await last(control, [create({ version: '1.33' })], settings);
    expect([verdict, evidence.summary]).toEqual(['FAIL', expect.stringContaining('no plaintext')]);
  });

  it('fails an old version without encryptionConfig', async () => {
    expect(await verdicts(control, [create({ version: '1.20' })], settings)).toEqual(['FAIL']);
  });

  it('is unknown after an upgrade of a cluster not seen before', async () => {
    expect(await verdicts(control, [upgrade('1.33')], settings)).toEqual(['UNKNOWN']);
  });

  it('is unknown where the encryptionConfig does not show its key', async () => {
    expect(await verdicts(control, [create({ encryptionConfig: [{}] })], settings)).toEqual(['UNKNOWN']);
  });
});

describe('where one of a list of keys is required', () => {
  const settings = { key: [key] };

  it.each([
    [key, 'PASS'],
    [otherKey, 'FAIL'],
    ['alias/eks', 'UNKNOWN'],
    ['arn:aws:kms:eu-west-1:111122223333:alias/eks', 'UNKNOWN'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', 'UNKNOWN'],
  ])('%s: %s', async (keyArn, verdict) => {
    expect(await verdicts(control, [create(config(keyArn))], settings)).toEqual([verdict]);
  });

  it('fails a cluster without encryptionConfig', async () => {
    expect(await verdicts(control, [create({ version: '1.33' })], settings)).toEqual(['FAIL']);
  });

  it('is unknown after an upgrade of a cluster not seen before', async () => {
    expect(await verdicts(control, [upgrade('1.33')], settings)).toEqual(['UNKNOWN']);
  });

  it('takes no empty list', () => {
    expect(control.settings.safeParse({ key: [] }).success).toBe(false);
  });
});

describe('a cluster through time', () => {
  it('starts afresh when it is made anew under the same name', async () => {
    const records = [
      create(config(key)),
      eks('DeleteCluster', { name: 'shop' }),
      create({ version: '1.27' }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS', 'FAIL']);
  });

  it('has nothing of the cluster of that name that was deleted', async () => {
    const records = [create(config(key)), eks('DeleteCluster', { name: 'shop' }), upgrade('1.27')];
    expect(await verdicts(control, records)).toEqual(['PASS', 'UNKNOWN']);
  });

  it('is not confused with one of the same name in another Region', async () => {
    const elsewhere = { ...upgrade('1.27'), awsRegion: 'us-east-1' };
    expect(await verdicts(control, [create(config(key)), elsewhere])).toEqual(['PASS', 'UNKNOWN']);
  });

  it('is the same under every spelling of its name', async () => {
    const records = [
      eks('CreateCluster', { clusterName: 'shop', ...config(key) }),
      eks('UpdateClusterVersion', { name: '%73hop', version: '1.27' }),
    ];
    expect(await verdicts(control, records)).toEqual(['PASS', 'PASS']);
  });

  it('ends with DeleteCluster', () => {
    const [resource] = deletedResources(control, sample(control.id, 'deletion-cluster-deleted'));
    expect(resource).toMatchObject({ id: 'legacy', arn: clusterArn('legacy') });
  });
});

it('never throws, whatever the events hold', async () => {
  const records = [
    create(
      { version: '1.27', tags: { team: 'a' }, ...config(key) },
      { arn: clusterArn('shop'), version: '1.27' },
    ),
    associate(key),
    upgrade('1.30'),
    eks('DeleteCluster', { name: 'shop' }),
  ];
  await survivesMutations(control, records, { key: [key] });
});

describe('the command that associates a key', () => {
  const cluster = { id: 'app', region: 'eu-central-1' };

  it('names the key that the policy names', () => {
    expect(associateEncryptionCommand(cluster, [key])).toBe(
      'aws eks associate-encryption-config --region eu-central-1 --cluster-name app --encryption-config ' +
        `'[{"resources":["secrets"],"provider":{"keyArn":"${key}"}}]'`,
    );
  });

  it.each([['customer-managed' as const], [[key, otherKey]]])(
    'leaves the choice to a person for %s',
    (keys) => {
      expect(associateEncryptionCommand(cluster, keys)).toContain('"keyArn":"KEY_ARN"');
    },
  );

  it('is with the failure of a cluster without encryptionConfig', async () => {
    const { evidence, resource } = await last(control, [create({ version: '1.33' })], { key: [key] });
    expect(evidence.command).toBe(associateEncryptionCommand(resource, [key]));
  });

  it.each([
    ['of a cluster with another key, which can not be changed', create(config(otherKey)), { key: [key] }],
    ['where an upgrade would do', create({ version: '1.27' }), {}],
    ['of a cluster that passes', create(config(key)), { key: [key] }],
  ])('is not with the verdict %s', async (_what, record, settings) => {
    expect((await last(control, [record], settings)).evidence.command).toBeUndefined();
  });
});
