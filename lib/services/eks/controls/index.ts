/** EKS's controls, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../../../core/control.ts';
import { eksAuditLogging } from './eks-audit-logging.ts';
import { eksEndpointAccess } from './eks-endpoint-access.ts';
import { eksNodeTransitEncryption } from './eks-node-transit-encryption.ts';
import { eksSecretsEncryption } from './eks-secrets-encryption.ts';

export const controls: readonly Control[] = [
  eksSecretsEncryption,
  eksNodeTransitEncryption,
  eksEndpointAccess,
  eksAuditLogging,
];
