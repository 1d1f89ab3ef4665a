/** KMS, for the tests that hold for all services. */
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
} from '@aws-sdk/client-kms';
import { key, keyArn, keyId, resource } from '../../pipeline/gathering.ts';
import type { ServiceCases } from '../cases.ts';
import { account, region } from '../listing.ts';

const source = 'kms.amazonaws.com';
const listedArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;

export const cases: ServiceCases = {
  resources: [key, resource('AwsKmsGrant', `${keyId}/abc`, { arn: keyArn })],
  answer({ kms }) {
    kms
      .on(DescribeKeyCommand)
      .resolves({ KeyMetadata: { KeyId: keyId, Arn: keyArn, KeyState: 'Enabled', Origin: 'EXTERNAL' } })
      .on(GetKeyRotationStatusCommand)
      .resolves({ KeyRotationEnabled: false })
      .on(GetKeyPolicyCommand)
      .resolves({ Policy: '{"Statement":[]}' })
      .on(ListGrantsCommand)
      .resolves({ Grants: [{ GrantId: 'abc' }] })
      .on(ListKeyRotationsCommand)
      .resolves({ Rotations: [] });
  },
  listed: [
    {
      type: 'AwsKmsKey',
      answer: ({ kms }) =>
        void kms.on(ListKeysCommand).resolves({ Keys: [{ KeyId: keyId, KeyArn: listedArn }] }),
      event: { source, name: 'DisableKey', request: { keyId: listedArn }, response: null },
    },
    {
      type: 'AwsKmsGrant',
      answer: ({ kms }) =>
        void kms
          .on(ListKeysCommand)
          .resolves({ Keys: [{ KeyId: keyId, KeyArn: listedArn }] })
          .on(ListGrantsCommand)
          .resolves({ Grants: [{ GrantId: 'abc123' }] }),
      event: {
        source,
        name: 'CreateGrant',
        request: { keyId: listedArn },
        response: { grantId: 'abc123', keyId: listedArn },
      },
    },
  ],
};
