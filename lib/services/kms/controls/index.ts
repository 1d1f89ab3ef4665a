/** KMS's controls, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../../../core/control.ts';
import { kmsGrant } from './kms-grant.ts';
import { kmsKeyDeletion } from './kms-key-deletion.ts';
import { kmsKeyDisabled } from './kms-key-disabled.ts';
import { kmsKeyMaterial } from './kms-key-material.ts';
import { kmsKeyPolicy } from './kms-key-policy.ts';
import { kmsKeyRotation } from './kms-key-rotation.ts';

export const controls: readonly Control[] = [
  kmsKeyDeletion,
  kmsKeyDisabled,
  kmsKeyRotation,
  kmsKeyPolicy,
  kmsGrant,
  kmsKeyMaterial,
];
