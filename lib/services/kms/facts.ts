/** Facts about KMS keys, their policies and grants. In all of them `null` stands for what was not told. */

import type { Fact } from '../../core/facts.ts';
import type { KeyPolicy } from '../../iam/document.ts';

/** What a key is, none of which changes in its life but `multiRegionKeyType`. Authority: DescribeKey. */
export interface KmsKey {
  /** AWS_KMS, EXTERNAL (imported), AWS_CLOUDHSM, EXTERNAL_KEY_STORE. */
  readonly origin: string | null;
  readonly keySpec: string | null;
  readonly keyUsage: string | null;
  /** CUSTOMER or AWS. */
  readonly keyManager: string | null;
  readonly customKeyStoreId: string | null;
  readonly multiRegionKeyType: 'NONE' | 'PRIMARY' | 'REPLICA' | null;
}

/** Authority: DescribeKey. */
export interface KmsKeyState {
  /** One of KMS's key states, or `Deleted` for a key that was deleted (KMS has no state for that). */
  readonly keyState: string;
  readonly pendingWindowInDays: number | null;
  /** As it was written, for people; CloudTrail gives English text. */
  readonly deletionDate: string | null;
  /** Who brought the state about, where an event tells. */
  readonly changedBy: string | null;
}

/** Automatic rotation. Authority: GetKeyRotationStatus. */
export interface KmsRotation {
  readonly enabled: boolean;
  readonly rotationPeriodInDays: number | null;
}

/** Authority: GetKeyPolicy. */
export interface KmsKeyPolicy {
  readonly policy: KeyPolicy;
  /** Whether it is the policy that KMS attaches when the caller gives none. */
  readonly isDefault: boolean;
  /** As KMS gave it; only AWS's own answer tells it. */
  readonly text?: string;
}

/** Authority: ListGrants. */
export interface KmsGrant {
  readonly status: 'ACTIVE' | 'REVOKED' | 'RETIRED';
  readonly granteePrincipal: string | null;
  readonly granteeServicePrincipal: string | null;
  readonly retiringPrincipal: string | null;
  readonly operations: readonly string[];
  /** The kinds of constraint the grant has, such as `encryptionContextSubset`. */
  readonly constraints: readonly string[];
}

/** Imported key material. Authority: DescribeKey, ListKeyRotations with IncludeKeyMaterial. */
export interface KmsKeyMaterial {
  /** Material that the key should have and has not; while there is any, the key can't be used. */
  readonly missing: readonly {
    readonly keyMaterialId: string | null;
    /** `null` where AWS tells only that it is not there; without an id it may then never have been. */
    readonly because: 'DELETED' | 'EXPIRED' | null;
  }[];
  /** KEY_MATERIAL_EXPIRES or KEY_MATERIAL_DOES_NOT_EXPIRE, of the latest import. */
  readonly expirationModel: string | null;
  /** As it was written, for people; CloudTrail gives English text. */
  readonly validTo: string | null;
}

/** A key, and whose it is. */
export interface KeyManager {
  /** The key's own ARN; that of the alias where only that is known. */
  readonly arn: string;
  /** As DescribeKey's KeyManager says; absent where it is not known. */
  readonly manager?: 'AWS' | 'CUSTOMER';
}

export interface KmsFacts {
  readonly 'kms.key': Fact<KmsKey>;
  readonly 'kms.keyState': Fact<KmsKeyState>;
  readonly 'kms.rotation': Fact<KmsRotation>;
  readonly 'kms.keyPolicy': Fact<KmsKeyPolicy>;
  readonly 'kms.grant': Fact<KmsGrant>;
  readonly 'kms.keyMaterial': Fact<KmsKeyMaterial>;
}

declare module '../../core/facts.ts' {
  interface Facts extends KmsFacts {}

  interface RelatedFacts {
    /** The key of this ARN, or of the alias of this ARN, and whose it is where KMS tells. */
    readonly 'kms.keyManager': { readonly key: string; readonly value: KeyManager };
  }
}
