import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { fewerKeys } from '../../settings/fewer-keys.ts';
import { evaluateKey, keyRequirement, requiredKey, showKey } from '../key-requirement.ts';
import { accountInRegion } from '../resources/account.ts';

/**
 * With encryption by default on, nobody can create an unencrypted volume or snapshot copy in the account and Region,
 * whatever the request says; with it off, every launch can forget it.
 * Source: Amazon EBS User Guide, "Enable Amazon EBS encryption by default".
 */
export const ebsDefaultEncryption = defineControl({
  id: 'ebs-default-encryption',
  title: 'EBS encryption by default should be on',
  description:
    'Encryption by default is a setting of an account in one Region. While it is on, EBS encrypts every new volume ' +
    'and snapshot copy there, with the default key unless another is named, even when the request says not to. ' +
    'Switching it off is how unencrypted volumes come back unnoticed.',
  severity: 'HIGH',
  resourceType: 'AwsAccount',
  standards: {
    'NIST.800-53.r5': ['CA-9(1)', 'CM-3(6)', 'SC-13', 'SC-28', 'SC-28(1)', 'SC-7(10)', 'SI-7(6)'],
    'PCI DSS v4.0.1': ['3.5.1'],
    'AWS FSBP': ['EC2.7'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: [
        'EnableEbsEncryptionByDefault',
        'DisableEbsEncryptionByDefault',
        'ModifyEbsDefaultKmsKeyId',
        'ResetEbsDefaultKmsKeyId',
      ],
      resources: accountInRegion,
    },
  ],
  deletions: [],
  facts: ['ec2.ebsDefaultEncryption', 'ec2.ebsDefaultKey'],
  settings: z.strictObject({
    key: keyRequirement,
  }),
  narrowing: { key: fewerKeys('any') },
  evaluate(account, facts, settings) {
    const encryption = facts['ec2.ebsDefaultEncryption'];
    const key = facts['ec2.ebsDefaultKey'];
    const required = `encryption by default on${requiredKey(settings.key)}`;
    const seen = [
      observe('ebsEncryptionByDefault', encryption, (value) => value),
      observe('default kmsKeyId', key, showKey),
    ];
    const where = `account ${account.id}, ${account.region}`;
    if (!encryption.known) {
      return unknown(
        `Whether EBS encryption by default is on in ${where} is unknown: ${encryption.detail}.`,
        required,
        seen,
      );
    }
    if (!encryption.value) return fail(`EBS encryption by default is off in ${where}.`, required, seen);
    const { verdict, because } = evaluateKey(key, settings.key);
    const isOn = `EBS encryption by default is on in ${where}`;
    if (verdict === 'FAIL') {
      return fail(`${isOn}, but not with a key that the policy requires: ${because}.`, required, seen);
    }
    return verdict === 'UNKNOWN'
      ? unknown(`${isOn}, but with which key is unknown: ${because}.`, required, seen)
      : pass(`${isOn}${because === '' ? '' : `, and ${because}`}.`, required, seen);
  },
  actions: ['notify', 'fix:enable-default-encryption'],
  remediation:
    'Switch it on in the Region: aws ec2 enable-ebs-encryption-by-default --region REGION. Where a key of your own ' +
    'is required: aws ec2 modify-ebs-default-kms-key-id --kms-key-id KEY --region REGION. Volumes that exist ' +
    'already stay as they are.',
  reference: 'https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html',
});
