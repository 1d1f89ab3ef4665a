/** Every action, in the order in which they are shown: the mildest first. */
import type { ActionId, AnyAction } from '../../core/action.ts';
import { enableDefaultEncryption } from '../../services/ec2/fixes/enable-default-encryption.ts';
import { unshareSnapshot } from '../../services/ec2/fixes/unshare-snapshot.ts';
import { quarantine } from '../../services/ec2/quarantine/quarantine.ts';
import { associateEncryption } from '../../services/eks/fixes/associate-encryption.ts';
import { enableAuditLogging } from '../../services/eks/fixes/enable-audit-logging.ts';
import { restrictEndpoint } from '../../services/eks/fixes/restrict-endpoint.ts';
import { cancelKeyDeletion } from '../../services/kms/fixes/cancel-key-deletion.ts';
import { enableKey } from '../../services/kms/fixes/enable-key.ts';
import { enableRotation } from '../../services/kms/fixes/enable-rotation.ts';
import { restoreKeyPolicy } from '../../services/kms/fixes/restore-key-policy.ts';
import { revokeGrant } from '../../services/kms/fixes/revoke-grant.ts';
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
