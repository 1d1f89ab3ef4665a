/** The controls of the KMS family, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../control.ts';
import { kmsGrant } from './kms/kms-grant.ts';
import { kmsKeyDeletion } from './kms/kms-key-deletion.ts';
import { kmsKeyDisabled } from './kms/kms-key-disabled.ts';
import { kmsKeyMaterial } from './kms/kms-key-material.ts';
import { kmsKeyPolicy } from './kms/kms-key-policy.ts';
import { kmsKeyRotation } from './kms/kms-key-rotation.ts';

export const kmsControls: readonly Control[] = [
  kmsKeyDeletion,
  kmsKeyDisabled,
  kmsKeyRotation,
  kmsKeyPolicy,
  kmsGrant,
  kmsKeyMaterial,
];
