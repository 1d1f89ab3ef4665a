import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { fewerKeys } from '../../settings/fewer-keys.ts';
import { evaluateKey, keyRequirement, requiredKey, showKey } from '../key-requirement.ts';
import { instancesEvicted, instancesInSet } from '../resources/instances.ts';
import { volumeCreated, volumeInRequest, volumesOfLaunch } from '../resources/volumes.ts';

/**
 * The encryption of an EBS volume is set when it is created and never changes: an unencrypted volume, its snapshots
 * and the volumes restored from them stay readable to anybody who obtains the storage or a copy.
 * Source: Amazon EBS User Guide, "Amazon EBS encryption"; EC2 API Reference, "CreateVolume", "RunInstances".
 */
export const ec2VolumeEncryption = defineControl({
  id: 'ec2-volume-encryption',
  title: 'EBS volumes should be encrypted',
  description:
    'An encrypted EBS volume keeps its data, its snapshots and the traffic to its instance encrypted with a KMS ' +
    'key. A volume that was made without encryption can never be encrypted in place, only copied to one that is. ' +
    'The policy may require a customer managed key, so that its use can be watched and withdrawn. Of a launch in an ' +
    'archive, the root volume and those that the request maps are evaluated; where AWS itself is asked, all volumes of ' +
    'the instance are, also those that only its launch template maps.',
  severity: 'HIGH',
  resourceType: 'AwsEc2Volume',
  standards: {
    'NIST.800-53.r5': ['CA-9(1)', 'CM-3(6)', 'SC-13', 'SC-28', 'SC-28(1)', 'SC-7(10)', 'SI-7(6)'],
    'PCI DSS v4.0.1': ['3.5.1'],
    'AWS FSBP': ['EC2.3'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['RunInstances'],
      resources: volumesOfLaunch,
    },
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['CreateVolume'],
      resources: volumeCreated,
    },
  ],
  deletions: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['DeleteVolume'],
      resources: volumeInRequest,
    },
    // These delete the volumes that are part of the instances: too early for a Spot Instance that EC2 stopped
    // instead of terminating it, because its event does not distinguish the two.
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['TerminateInstances'],
      resources: instancesInSet,
    },
    {
      kind: 'service-event',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['BidEvictedEvent'],
      resources: instancesEvicted,
    },
  ],
  facts: ['ec2.volumeEncryption', 'ec2.volumeKey'],
  settings: z.strictObject({
    key: keyRequirement,
  }),
  narrowing: { key: fewerKeys('any') },
  evaluate(volume, facts, settings) {
    const encryption = facts['ec2.volumeEncryption'];
    const key = facts['ec2.volumeKey'];
    const required = `an encrypted volume${requiredKey(settings.key)}`;
    const seen = [observe('encrypted', encryption, (value) => value.encrypted)];
    if (!encryption.known) {
      return unknown(
        `Whether the volume ${volume.id} is encrypted is unknown: ${encryption.detail}.`,
        required,
        seen,
      );
    }
    const { encrypted, shownBy } = encryption.value;
    if (!encrypted) {
      return fail(`The volume ${volume.id} is not encrypted: ${unencrypted[shownBy]}.`, required, seen);
    }
    const seenWithKey = [...seen, observe('kmsKeyId', key, showKey)];
    const { verdict, because } = evaluateKey(key, settings.key);
    const isEncrypted = `The volume ${volume.id} is encrypted (${encryptedBecause[shownBy]})`;
    if (verdict === 'FAIL') {
      return fail(
        `${isEncrypted}, but not with a key that the policy requires: ${because}.`,
        required,
        seenWithKey,
      );
    }
    return verdict === 'UNKNOWN'
      ? unknown(`${isEncrypted}, but with which key is unknown: ${because}.`, required, seenWithKey)
      : pass(`${isEncrypted}${because === '' ? '' : `, and ${because}`}.`, required, seenWithKey);
  },
  actions: ['notify', 'tag'],
  remediation:
    'Replace the volume: aws ec2 create-snapshot --volume-id ID; aws ec2 copy-snapshot --source-snapshot-id SNAP ' +
    '--source-region REGION --encrypted --kms-key-id KEY; aws ec2 create-volume --snapshot-id COPY ' +
    '--availability-zone ZONE; then swap the volumes on the instance and delete the old volume and snapshot. So that ' +
    'it does not happen again: aws ec2 enable-ebs-encryption-by-default.',
  reference: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html',
});

const encryptedBecause = {
  aws: 'AWS answered so',
  request: 'the request asked for it',
  'launch-template': 'the launch template prescribes it',
  snapshot: 'the snapshot that it was made from is encrypted',
  default: 'encryption by default was on',
} as const;

const unencrypted = {
  aws: 'AWS answered so',
  request:
    'the request asked for no encryption, and the trail does not show that encryption by default was on',
  'launch-template':
    'the launch template prescribes no encryption, and the trail does not show that encryption by default was on',
  snapshot:
    'the request did not ask for encryption, the snapshot that it was made from is not encrypted, and encryption ' +
    'by default was off',
  default: 'the request did not ask for encryption, and encryption by default was off',
} as const;
