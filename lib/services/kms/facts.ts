/** Facts about KMS keys, their policies and grants. In all of them, `null` means not known. */

import type { Fact } from '../../core/facts.ts';
import type { KeyPolicy } from '../../iam/document.ts';

/** A key's metadata; only `multiRegionKeyType` ever changes. Authority: DescribeKey. */
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
  /** The actor that changed the state, where an event says so. */
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
  /** The text as KMS returned it; events do not contain it. */
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
  /** Material that the key should have and lacks; while some is missing, the key can't be used. */
  readonly missing: readonly {
    readonly keyMaterialId: string | null;
    /** `null` where AWS says only that it is missing; material without an id may never have existed. */
    readonly because: 'DELETED' | 'EXPIRED' | null;
  }[];
  /** KEY_MATERIAL_EXPIRES or KEY_MATERIAL_DOES_NOT_EXPIRE, of the latest import. */
  readonly expirationModel: string | null;
  /** As it was written, for people; CloudTrail gives English text. */
  readonly validTo: string | null;
}

/** A key and its manager. */
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
    /** The key of this ARN, or of the alias of this ARN, with its manager. */
    readonly 'kms.keyManager': { readonly key: string; readonly value: KeyManager };
  }
}
