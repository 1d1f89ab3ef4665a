import { describe, expect, it } from 'vitest';
import { ebsDefaultEncryption as control } from '../../../../lib/services/ec2/controls/ebs-default-encryption.ts';
import { evaluateTrail } from '../../../evaluating.ts';
import {
  account,
  defaultKey,
  disableByDefault,
  ec2,
  enableByDefault,
  keyArn,
  keyCreated,
  otherKeyArn,
  region,
} from './records.ts';

const reset = (kmsKeyId?: string) =>
  ec2(
    'ResetEbsDefaultKmsKeyId',
    { ResetEbsDefaultKmsKeyIdRequest: '' },
    kmsKeyId === undefined ? null : { ResetEbsDefaultKmsKeyIdResponse: { kmsKeyId } },
  );

async function verdict(records: readonly unknown[], settings: unknown = {}) {
  return (await evaluateTrail(control, records, settings)).at(-1)?.verdict;
}

describe('ebs-default-encryption', () => {
  it('evaluates the account, once for each Region', async () => {
    const [evaluated] = await evaluateTrail(control, [{ ...enableByDefault, awsRegion: 'cn-north-1' }]);
    expect(evaluated?.resource).toEqual({
      type: 'AwsAccount',
      id: account,
      arn: `arn:aws-cn:iam::${account}:root`,
      account,
      region: 'cn-north-1',
    });
  });

  it.each([
    ['EnableEbsEncryptionByDefault', {}, 'PASS'],
    ['EnableEbsEncryptionByDefault', null, 'PASS'],
    ['DisableEbsEncryptionByDefault', null, 'FAIL'],
    ['EnableEbsEncryptionByDefault', { ebsEncryptionByDefault: true }, 'PASS'],
    ['EnableEbsEncryptionByDefault', { ebsEncryptionByDefault: false }, 'FAIL'],
    [
      'DisableEbsEncryptionByDefault',
      { DisableEbsEncryptionByDefaultResponse: { ebsEncryptionByDefault: 'false' } },
      'FAIL',
    ],
  ])('%s answered with %j gives %s', async (eventName, response, expected) => {
    expect(await verdict([ec2(eventName, null, response)])).toBe(expected);
  });

  it('follows the switch', async () => {
    const evaluated = await evaluateTrail(control, [disableByDefault, enableByDefault, disableByDefault]);
    expect(evaluated.map((each) => each.verdict)).toEqual(['FAIL', 'PASS', 'FAIL']);
  });

  it.each([defaultKey(keyArn), reset()])(
    'does not know the switch from an event about the key',
    async (record) => {
      expect(await verdict([record])).toBe('UNKNOWN');
    },
  );

  it('knows it from an earlier event', async () => {
    expect(await verdict([enableByDefault, defaultKey(keyArn)])).toBe('PASS');
  });

  it('does not mix Regions', async () => {
    expect(await verdict([{ ...enableByDefault, awsRegion: 'eu-west-1' }, defaultKey(keyArn)])).toBe(
      'UNKNOWN',
    );
  });

  it.each([
    ['no event about the key', [], 'UNKNOWN'],
    ['a key created in the trail', [keyCreated(keyArn), defaultKey(keyArn)], 'PASS'],
    ['a key of unknown origin', [defaultKey(keyArn)], 'UNKNOWN'],
    ['an alias of a customer', [defaultKey('alias/mine', keyArn)], 'PASS'],
    ['the alias of AWS', [defaultKey('alias/aws/ebs', otherKeyArn)], 'FAIL'],
    ['a reset', [defaultKey('alias/mine', keyArn), reset(otherKeyArn)], 'FAIL'],
    ['a reset that tells no key', [defaultKey('alias/mine', keyArn), reset()], 'FAIL'],
    ['an unreadable key', [defaultKey('<sensitiveDataRemoved>')], 'UNKNOWN'],
  ])(
    'where a customer managed key is required, %s gives the right verdict',
    async (_what, records, expected) => {
      expect(await verdict([...records, enableByDefault], { key: 'customer-managed' })).toBe(expected);
    },
  );

  it('learns after the default was set that its key is customer managed', async () => {
    const records = [defaultKey(keyArn), keyCreated(keyArn), enableByDefault];
    expect(await verdict(records, { key: 'customer-managed' })).toBe('PASS');
  });

  it.each([
    [keyArn, 'PASS'],
    [otherKeyArn, 'FAIL'],
  ])('where a list is required, the default key %s has to be on it', async (key, expected) => {
    expect(await verdict([enableByDefault, defaultKey(key)], { key: [keyArn] })).toBe(expected);
  });

  it('fails first of all when the switch is off', async () => {
    expect(await verdict([defaultKey(keyArn), disableByDefault], { key: [keyArn] })).toBe('FAIL');
  });

  it('says in the evidence what is required and where it was seen', async () => {
    const [evaluated] = await evaluateTrail(control, [{ ...enableByDefault, eventID: 'e-1' }], {
      key: 'customer-managed',
    });
    expect(evaluated?.evidence).toMatchObject({
      required: 'encryption by default on, with a customer managed key',
      observed: [
        { what: 'ebsEncryptionByDefault', value: true, source: { eventId: 'e-1' } },
        { what: 'default kmsKeyId', value: expect.stringContaining('unknown: ') },
      ],
    });
  });

  it('is of no Region but its own', async () => {
    const [evaluated] = await evaluateTrail(control, [enableByDefault]);
    expect(evaluated?.evidence.summary).toContain(region);
  });
});
