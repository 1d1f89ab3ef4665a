/** The actions for failures of KMS's controls, each in a file of its own. */
import type { AnyAction } from '../../core/action.ts';
import { cancelKeyDeletion } from './fixes/cancel-key-deletion.ts';
import { enableKey } from './fixes/enable-key.ts';
import { enableRotation } from './fixes/enable-rotation.ts';
import { restoreKeyPolicy } from './fixes/restore-key-policy.ts';
import { revokeGrant } from './fixes/revoke-grant.ts';

declare module '../../core/control.ts' {
  interface Fixes {
    readonly 'cancel-key-deletion': true;
    readonly 'enable-key': true;
    readonly 'enable-rotation': true;
    readonly 'restore-key-policy': true;
    readonly 'revoke-grant': true;
  }
}

export const actions: readonly AnyAction[] = [
  cancelKeyDeletion,
  enableKey,
  enableRotation,
  restoreKeyPolicy,
  revokeGrant,
];
