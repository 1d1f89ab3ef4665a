/** Every action, in the order in which they are shown: the mildest first. */
import type { ActionId, AnyAction } from './action.ts';
import { associateEncryption } from './fix/associate-encryption.ts';
import { cancelKeyDeletion } from './fix/cancel-key-deletion.ts';
import { enableAuditLogging } from './fix/enable-audit-logging.ts';
import { enableDefaultEncryption } from './fix/enable-default-encryption.ts';
import { enableKey } from './fix/enable-key.ts';
import { enableRotation } from './fix/enable-rotation.ts';
import { restoreKeyPolicy } from './fix/restore-key-policy.ts';
import { restrictEndpoint } from './fix/restrict-endpoint.ts';
import { revokeGrant } from './fix/revoke-grant.ts';
import { unshareSnapshot } from './fix/unshare-snapshot.ts';
import { quarantine } from './quarantine.ts';
import { tag } from './tag.ts';

export const actions: readonly AnyAction[] = [
  tag,
  cancelKeyDeletion,
  enableKey,
  enableRotation,
  restoreKeyPolicy,
  revokeGrant,
  enableDefaultEncryption,
  unshareSnapshot,
  restrictEndpoint,
  enableAuditLogging,
  associateEncryption,
  quarantine,
];

/** The action of that name; `undefined` for one that is not defined here. */
export function actionOf(id: ActionId): AnyAction | undefined {
  return actions.find((action) => action.id === id);
}
