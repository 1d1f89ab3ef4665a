/** An account's EBS defaults in a Region: GetEbsEncryptionByDefault, GetEbsDefaultKmsKeyId. */

import { GetEbsDefaultKmsKeyIdCommand, GetEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { askEach } from '../../../aws/facts/calls.ts';
import type { Lookup } from '../../../aws/facts/lookups.ts';
import type { Readers } from '../../../aws/facts/reader.ts';
import type { ArnResource } from '../../../core/control.ts';
import { encryptionKey } from './keys.ts';

/** Each account and Region has one of each setting; this text is its id in lookups. */
const here = 'the default of this account and Region';

const encryptionAction = 'ec2:GetEbsEncryptionByDefault';
const defaultEncryption: Lookup<boolean> = {
  permissions: [encryptionAction],
  find: (ids, lookups, waitsFor) =>
    askEach(encryptionAction, ids, lookups, waitsFor, async () => {
      const answer = await lookups.call(({ ec2 }) => ec2.send(new GetEbsEncryptionByDefaultCommand({})));
      return answer.EbsEncryptionByDefault;
    }),
};

const keyAction = 'ec2:GetEbsDefaultKmsKeyId';
const defaultKey: Lookup<string> = {
  permissions: [keyAction],
  find: (ids, lookups, waitsFor) =>
    askEach(keyAction, ids, lookups, waitsFor, async () => {
      const answer = await lookups.call(({ ec2 }) => ec2.send(new GetEbsDefaultKmsKeyIdCommand({})));
      return answer.KmsKeyId;
    }),
};

export const ebsDefaultReaders: Readers<'ec2.ebsDefaultEncryption' | 'ec2.ebsDefaultKey', ArnResource> = {
  'ec2.ebsDefaultEncryption': {
    uses: [defaultEncryption],
    read: (_resource, aws) => aws.follow(defaultEncryption, here),
  },
  'ec2.ebsDefaultKey': {
    uses: [defaultKey],
    asks: ['kms.keyManager'],
    async read(_resource, aws) {
      const fact = await aws.follow(defaultKey, here);
      return fact.known ? encryptionKey(fact.value, fact.source, aws) : fact;
    },
  },
};
