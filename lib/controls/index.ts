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
import { kmsGrant } from './kms/kms-grant.ts';
import { kmsKeyDeletion } from './kms/kms-key-deletion.ts';
import { kmsKeyDisabled } from './kms/kms-key-disabled.ts';
import { kmsKeyMaterial } from './kms/kms-key-material.ts';
import { kmsKeyPolicy } from './kms/kms-key-policy.ts';
import { kmsKeyRotation } from './kms/kms-key-rotation.ts';

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
  kmsKeyDeletion,
  kmsKeyDisabled,
  kmsKeyRotation,
  kmsKeyPolicy,
  kmsGrant,
  kmsKeyMaterial,
];
