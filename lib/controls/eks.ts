/** The controls of the EKS family, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../control.ts';
import { eksAuditLogging } from './eks/eks-audit-logging.ts';
import { eksEndpointAccess } from './eks/eks-endpoint-access.ts';
import { eksNodeTransitEncryption } from './eks/eks-node-transit-encryption.ts';
import { eksSecretsEncryption } from './eks/eks-secrets-encryption.ts';

export const eksControls: readonly Control[] = [
  eksSecretsEncryption,
  eksNodeTransitEncryption,
  eksEndpointAccess,
  eksAuditLogging,
];
