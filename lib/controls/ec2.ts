/** The controls of the EC2 family, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../control.ts';
import { ebsDefaultEncryption } from './ec2/ebs-default-encryption.ts';
import { ebsSnapshotSharing } from './ec2/ebs-snapshot-sharing.ts';
import { ec2TransitEncryption } from './ec2/ec2-transit-encryption.ts';
import { ec2VolumeEncryption } from './ec2/ec2-volume-encryption.ts';
import { launchTemplateEncryption } from './ec2/launch-template-encryption.ts';

export const ec2Controls: readonly Control[] = [
  ec2TransitEncryption,
  ec2VolumeEncryption,
  ebsDefaultEncryption,
  ebsSnapshotSharing,
  launchTemplateEncryption,
];
