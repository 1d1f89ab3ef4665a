/**
 * Encrypted topics. The policy of the AWS managed key can't be changed and lets no AWS service publish, so that a topic has
 * a key of its own where the customer brings none.
 * Source: Amazon SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted
 * topics".
 */
import { allow, policyDocument, type Statement } from './statements.ts';
import { accountRoot, arnOf, ref, type StackResources, type Value } from './template.ts';

export interface Topic {
  /** Its logical id, and that of its key. */
  readonly id: string;
  readonly keyId: string;
  readonly name: string;
  readonly email: string | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly keyDescription: string;
  /** Who may publish according to the topic's policy; roles of the account need none. */
  readonly publishers: readonly Statement[];
  /** Who may use the key. */
  readonly keyUsers: readonly Statement[];
}

export function encryptedTopic(topic: Topic): StackResources {
  const { id, keyId, name, email, kmsKeyArn, publishers } = topic;
  const secure: Statement = {
    Sid: 'OnlyByTls',
    Effect: 'Deny',
    Principal: '*',
    Action: ['sns:Publish'],
    Resource: ref(id),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return {
    [id]: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: name,
        KmsMasterKeyId: kmsKeyArn ?? arnOf(keyId),
        ...(email === undefined ? {} : { Subscription: [{ Protocol: 'email', Endpoint: email }] }),
      },
    },
    [`${id}Policy`]: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: { Topics: [ref(id)], PolicyDocument: policyDocument([...publishers, secure]) },
    },
    ...(kmsKeyArn === undefined ? key(topic) : {}),
  };
}

export const fromThisAccount: { readonly StringEquals: { readonly [key: string]: Value } } = {
  StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
};

/** The KMS actions that publishing to an encrypted topic needs. */
export const useOfKey = ['kms:Decrypt', 'kms:GenerateDataKey'] as const;

function key({ keyId, keyDescription, keyUsers }: Topic): StackResources {
  return {
    [keyId]: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        Description: keyDescription,
        EnableKeyRotation: true,
        PendingWindowInDays: 7,
        KeyPolicy: policyDocument([
          { ...allow('ByIamPolicies', keyAdministration, '*'), Principal: { AWS: accountRoot } },
          ...keyUsers,
        ]),
      },
    },
  };
}

/**
 * What the account's own IAM policies may allow. Without kms:PutKeyPolicy nobody could ever change the key's policy.
 * Source: AWS KMS Developer Guide, "Default key policy": allows key administrators.
 */
const keyAdministration = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:DisableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];
