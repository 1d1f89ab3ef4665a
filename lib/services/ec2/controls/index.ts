/** EC2 and EBS's controls, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../../../core/control.ts';
import { ebsDefaultEncryption } from './ebs-default-encryption.ts';
import { ebsSnapshotSharing } from './ebs-snapshot-sharing.ts';
import { ec2TransitEncryption } from './ec2-transit-encryption.ts';
import { ec2VolumeEncryption } from './ec2-volume-encryption.ts';
import { launchTemplateEncryption } from './launch-template-encryption.ts';

export const controls: readonly Control[] = [
  ec2TransitEncryption,
  ec2VolumeEncryption,
  ebsDefaultEncryption,
  ebsSnapshotSharing,
  launchTemplateEncryption,
];
