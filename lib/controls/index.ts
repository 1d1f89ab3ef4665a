/** Every control, in the order in which they are shown. A new control is one line here (and its import). */
import type { Control } from '../control.ts';
import { ebsDefaultEncryption } from './ec2/ebs-default-encryption.ts';
import { ebsSnapshotSharing } from './ec2/ebs-snapshot-sharing.ts';
import { ec2TransitEncryption } from './ec2/ec2-transit-encryption.ts';
import { ec2VolumeEncryption } from './ec2/ec2-volume-encryption.ts';
import { launchTemplateEncryption } from './ec2/launch-template-encryption.ts';
import { eksAuditLogging } from './eks/eks-audit-logging.ts';
import { eksEndpointAccess } from './eks/eks-endpoint-access.ts';
import { eksNodeTransitEncryption } from './eks/eks-node-transit-encryption.ts';
import { eksSecretsEncryption } from './eks/eks-secrets-encryption.ts';

export const controls: readonly Control[] = [
  ec2TransitEncryption,
  ec2VolumeEncryption,
  ebsDefaultEncryption,
  ebsSnapshotSharing,
  launchTemplateEncryption,
  eksSecretsEncryption,
  eksNodeTransitEncryption,
  eksEndpointAccess,
  eksAuditLogging,
];
