/** Calls of KMS as CloudTrail logs them. Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail". */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { JsonObject } from '../../lib/core/json.ts';
import { digest, uuidOf } from './random.ts';
import { type Act, inWords } from './record.ts';

/** The ARN of the key of this name. */
export function keyArn({ account, region }: AccountRegion, name: string): string {
  return `arn:aws:kms:${region}:${account}:key/${uuidOf(`key ${account} ${name}`)}`;
}

function resources(accountRegion: AccountRegion, name: string): readonly JsonObject[] {
  return [{ accountId: accountRegion.account, type: 'AWS::KMS::Key', ARN: keyArn(accountRegion, name) }];
}

/** Requests name the key by its id; the ARN is in `resources`. */
function named(accountRegion: AccountRegion, name: string): JsonObject {
  const arn = keyArn(accountRegion, name);
  return { keyId: arn.slice(arn.lastIndexOf('/') + 1) };
}

interface NewKey {
  readonly description: string;
  readonly policy?: (accountRegion: AccountRegion) => JsonObject;
  readonly origin?: 'EXTERNAL';
  readonly spec?: 'RSA_2048' | 'ECC_NIST_P256';
}

export function createKey(name: string, key: NewKey): Act {
  const spec = key.spec ?? 'SYMMETRIC_DEFAULT';
  const origin = key.origin ?? 'AWS_KMS';
  const keyUsage = key.spec === undefined ? 'ENCRYPT_DECRYPT' : 'SIGN_VERIFY';
  return (moment) => ({
    service: 'kms',
    name: 'CreateKey',
    readOnly: false,
    request: {
      ...(key.policy === undefined ? {} : { policy: JSON.stringify(key.policy(moment)) }),
      description: key.description,
      keyUsage,
      customerMasterKeySpec: spec,
      keySpec: spec,
      origin,
      bypassPolicyLockoutSafetyCheck: false,
      multiRegion: false,
    },
    response: {
      keyMetadata: {
        aWSAccountId: moment.account,
        ...named(moment, name),
        arn: keyArn(moment, name),
        creationDate: inWords(moment.time),
        enabled: origin === 'AWS_KMS',
        description: key.description,
        keyUsage,
        keyState: origin === 'AWS_KMS' ? 'Enabled' : 'PendingImport',
        origin,
        keyManager: 'CUSTOMER',
        customerMasterKeySpec: spec,
        keySpec: spec,
        ...(key.spec === undefined
          ? { encryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }
          : { signingAlgorithms: key.spec === 'RSA_2048' ? ['RSASSA_PSS_SHA_256'] : ['ECDSA_SHA_256'] }),
        multiRegion: false,
      },
    },
    resources: resources(moment, name),
  });
}

/** A call that names a key, and whose response has the key's ARN. */
function onKey(
  eventName: string,
  name: string,
  request: (time: number) => JsonObject,
  response: ((time: number) => JsonObject) | null,
): Act {
  return (moment) => ({
    service: 'kms',
    name: eventName,
    readOnly: false,
    request: { ...named(moment, name), ...request(moment.time) },
    response: response === null ? null : { keyId: keyArn(moment, name), ...response(moment.time) },
    resources: resources(moment, name),
  });
}

const nothing = () => ({});
export const enableKeyRotation = (name: string): Act =>
  onKey('EnableKeyRotation', name, () => ({ rotationPeriodInDays: 365 }), nothing);
export const disableKeyRotation = (name: string): Act => onKey('DisableKeyRotation', name, nothing, nothing);
export const disableKey = (name: string): Act => onKey('DisableKey', name, nothing, nothing);
export const enableKey = (name: string): Act => onKey('EnableKey', name, nothing, nothing);
export const cancelKeyDeletion = (name: string): Act => onKey('CancelKeyDeletion', name, nothing, nothing);

export function scheduleKeyDeletion(name: string, days: number): Act {
  return onKey(
    'ScheduleKeyDeletion',
    name,
    () => ({ pendingWindowInDays: days }),
    (time) => ({
      keyState: 'PendingDeletion',
      deletionDate: inWords(time + days * 86_400_000),
      pendingWindowInDays: days,
    }),
  );
}

export function putKeyPolicy(name: string, policy: (accountRegion: AccountRegion) => JsonObject): Act {
  return (moment) => ({
    service: 'kms',
    name: 'PutKeyPolicy',
    readOnly: false,
    request: {
      ...named(moment, name),
      policyName: 'default',
      policy: JSON.stringify(policy(moment), null, 2),
      bypassPolicyLockoutSafetyCheck: false,
    },
    response: null,
    resources: resources(moment, name),
  });
}

interface Grant {
  /** The grantee principal, given the account and Region. */
  readonly to: (accountRegion: AccountRegion) => string;
  readonly operations: readonly string[];
  readonly context?: JsonObject;
  readonly retiredBy?: (accountRegion: AccountRegion) => string;
}

function grantId(name: string): string {
  return digest(`grant ${name}`);
}

export function createGrant(key: string, grantName: string, grant: Grant): Act {
  return (moment) => ({
    service: 'kms',
    name: 'CreateGrant',
    readOnly: false,
    request: {
      keyId: keyArn(moment, key),
      granteePrincipal: grant.to(moment),
      ...(grant.retiredBy === undefined ? {} : { retiringPrincipal: grant.retiredBy(moment) }),
      operations: grant.operations,
      ...(grant.context === undefined ? {} : { constraints: { encryptionContextSubset: grant.context } }),
    },
    response: { grantId: grantId(grantName), keyId: keyArn(moment, key) },
    resources: resources(moment, key),
  });
}

export function revokeGrant(key: string, grantName: string): Act {
  return onKey('RevokeGrant', key, () => ({ grantId: grantId(grantName) }), nothing);
}

/** Retires by the grant's token, as grantees do: then only `additionalEventData` names the grant. */
export function retireGrant(key: string, grantName: string): Act {
  return (moment) => ({
    service: 'kms',
    name: 'RetireGrant',
    readOnly: false,
    request: null,
    response: { keyId: keyArn(moment, key) },
    additional: { grantId: grantId(grantName) },
    resources: resources(moment, key),
  });
}

export function getParametersForImport(key: string): Act {
  return (moment) => ({
    service: 'kms',
    name: 'GetParametersForImport',
    readOnly: true,
    request: { ...named(moment, key), wrappingAlgorithm: 'RSAES_OAEP_SHA_256', wrappingKeySpec: 'RSA_4096' },
    response: null,
    resources: resources(moment, key),
  });
}

/** @param days until the material expires; without, it does not. */
export function importKeyMaterial(key: string, days?: number): Act {
  return onKey(
    'ImportKeyMaterial',
    key,
    (time) =>
      days === undefined
        ? { expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
        : { validTo: inWords(time + days * 86_400_000), expirationModel: 'KEY_MATERIAL_EXPIRES' },
    () => ({ keyMaterialId: digest(`material ${key}`) }),
  );
}

export function deleteImportedKeyMaterial(key: string): Act {
  return onKey('DeleteImportedKeyMaterial', key, nothing, () => ({
    keyMaterialId: digest(`material ${key}`),
  }));
}

/** The service event by which KMS deletes a key when its waiting period ends. */
function serviceEvent(eventName: string, key: string): Act {
  return (moment) => ({
    service: 'kms',
    name: eventName,
    readOnly: false,
    request: null,
    response: null,
    resources: resources(moment, key),
    serviceEvent: { details: named(moment, key) },
  });
}
export const deleteKey = (key: string): Act => serviceEvent('DeleteKey', key);
export const deleteExpiredKeyMaterial = (key: string): Act => serviceEvent('DeleteExpiredKeyMaterial', key);
export const rotateKey = (key: string): Act => serviceEvent('RotateKey', key);

export function createAlias(alias: string, key: string): Act {
  return (moment) => ({
    service: 'kms',
    name: 'CreateAlias',
    readOnly: false,
    request: { aliasName: `alias/${alias}`, targetKeyId: keyArn(moment, key) },
    response: null,
    resources: [
      ...resources(moment, key),
      {
        accountId: moment.account,
        type: 'AWS::KMS::Alias',
        ARN: `arn:aws:kms:${moment.region}:${moment.account}:alias/${alias}`,
      },
    ],
  });
}

/** Key policies. Source: AWS KMS Developer Guide, "Default key policy" and "Key policies". */
const version = '2012-10-17';
const administrators = ({ account }: AccountRegion): JsonObject => ({
  Sid: 'Enable IAM User Permissions',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: 'kms:*',
  Resource: '*',
});
const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'];

export const policies = {
  own: (accountRegion: AccountRegion): JsonObject => ({
    Version: version,
    Id: 'key-default-1',
    Statement: [administrators(accountRegion)],
  }),
  withRole:
    (role: string) =>
    (accountRegion: AccountRegion): JsonObject => ({
      Version: version,
      Statement: [
        administrators(accountRegion),
        {
          Sid: 'Allow use of the key',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountRegion.account}:role/${role}` },
          Action: use,
          Resource: '*',
        },
      ],
    }),
  /** Allows every principal of every account. */
  open: (accountRegion: AccountRegion): JsonObject => ({
    Version: version,
    Statement: [
      administrators(accountRegion),
      { Sid: 'Temporary - pipeline debugging', Effect: 'Allow', Principal: '*', Action: use, Resource: '*' },
    ],
  }),
  /** Allows every principal, but conditions confine it to the account and one service: as AWS managed keys do. */
  confined: (accountRegion: AccountRegion): JsonObject => ({
    Version: version,
    Statement: [
      administrators(accountRegion),
      {
        Sid: 'Allow access through RDS for all principals in the account that are authorized to use RDS',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...use, 'kms:CreateGrant'],
        Resource: '*',
        Condition: {
          StringEquals: {
            'kms:CallerAccount': accountRegion.account,
            'kms:ViaService': `rds.${accountRegion.region}.amazonaws.com`,
          },
        },
      },
    ],
  }),
  withAccount:
    (account: string, sid: string) =>
    (accountRegion: AccountRegion): JsonObject => ({
      Version: version,
      Statement: [
        administrators(accountRegion),
        {
          Sid: sid,
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:CreateGrant'],
          Resource: '*',
        },
      ],
    }),
  /** Leaves no principal that may change the policy. */
  withoutAdministrators:
    (role: string) =>
    (accountRegion: AccountRegion): JsonObject => ({
      Version: version,
      Statement: [
        {
          Sid: 'Application',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountRegion.account}:role/${role}` },
          Action: use,
          Resource: '*',
        },
      ],
    }),
} as const;
