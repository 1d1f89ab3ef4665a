/**
 * The types of resources that KMS has: what is particular to each.
 * Sources: Service Authorization Reference, "Resource types defined by AWS Key Management Service"; Security Hub API
 * model, ResourceDetails.
 */
import { arnForm } from '../../core/arn.ts';
import { knownValue, otherDetails } from '../../core/details.ts';
import type { ResourceTypeDefinition } from '../../core/service.ts';

declare module '../../core/control.ts' {
  interface ResourceTypes {
    readonly AwsKmsKey: 'arn';
    readonly AwsKmsGrant: 'arn';
  }
}

export const resourceTypes = {
  AwsKmsKey: {
    noun: { one: 'KMS key', many: 'KMS keys' },
    asffType: 'AwsKmsKey',
    arn: arnForm('kms', 'key/'),
    exampleId: '1234abcd-12ab-34cd-56ef-1234567890ab',
    hasOwnId: () => true,
    details: ({ id, account }, facts) => {
      const key = knownValue(facts['kms.key']);
      const state = knownValue(facts['kms.keyState']);
      const rotation = knownValue(facts['kms.rotation']);
      const material = knownValue(facts['kms.keyMaterial']);
      return {
        AwsKmsKey: {
          AWSAccountId: /^\d{12}$/.test(account) ? account : undefined,
          KeyId: id,
          KeyManager: key?.keyManager ?? undefined,
          KeyState: state?.keyState,
          Origin: key?.origin ?? undefined,
          KeyRotationStatus: rotation?.enabled,
        },
        Other: otherDetails({
          keySpec: key?.keySpec,
          keyUsage: key?.keyUsage,
          multiRegionKeyType: key?.multiRegionKeyType,
          customKeyStoreId: key?.customKeyStoreId,
          deletionDate: state?.deletionDate,
          pendingWindowInDays: state?.pendingWindowInDays,
          rotationPeriodInDays: rotation?.rotationPeriodInDays,
          policyIsDefault: knownValue(facts['kms.keyPolicy'])?.isDefault,
          expirationModel: material?.expirationModel,
          validTo: material?.validTo,
          missingKeyMaterial: material?.missing.length,
        }),
      };
    },
    tags: 'apart',
    reading: 'in-batches',
    relations: [],
  },
  AwsKmsGrant: {
    noun: { one: 'KMS grant', many: 'KMS grants' },
    asffType: 'Other',
    arn: {
      service: 'kms',
      // A grant has no ARN of its own, so it has that of its key: its id is `<key id>/<grant id>`.
      resource: (id) => `key/${id.slice(0, Math.max(0, id.lastIndexOf('/')))}`,
      ofParent: true,
      idIn: (resource) => /#(.+)$/s.exec(resource)?.[1],
    },
    exampleId:
      '1234abcd-12ab-34cd-56ef-1234567890ab/0c237476b39f8bc44e45212e08498fbe3151305030726c0590dd8d3e9f3d6a60',
    hasOwnId: () => true,
    details: ({ id }, facts) => {
      const grant = knownValue(facts['kms.grant']);
      const [keyId, grantId] = id.split('/');
      return {
        Other: otherDetails({
          keyId,
          grantId,
          status: grant?.status,
          granteePrincipal: grant?.granteePrincipal,
          granteeServicePrincipal: grant?.granteeServicePrincipal,
          retiringPrincipal: grant?.retiringPrincipal,
          operations: grant?.operations.join(', '),
          constraints: grant?.constraints.join(', '),
        }),
      };
    },
    tags: 'none',
    reading: 'one-call-each',
    relations: [
      {
        kind: 'part-of',
        type: 'AwsKmsKey',
        related: ({ id }) => [{ id: id.slice(0, Math.max(0, id.lastIndexOf('/'))) }],
      },
    ],
  },
} as const satisfies Record<string, ResourceTypeDefinition>;
