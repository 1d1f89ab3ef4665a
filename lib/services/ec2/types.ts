/**
 * The types of resources that EC2 and EBS have: what is particular to each.
 * Sources: Service Authorization Reference, "Resource types defined by Amazon EC2"; Security Hub API model, ResourceDetails.
 */
import { arnForm, keyIdIn } from '../../core/arn.ts';
import { knownValue, otherDetails } from '../../core/details.ts';
import type { ResourceTypeDefinition } from '../../core/service.ts';

declare module '../../core/control.ts' {
  interface ResourceTypes {
    readonly AwsAccount: 'arn';
    readonly AwsEc2Instance: 'arn';
    readonly AwsEc2Volume: 'arn';
    readonly AwsEc2Snapshot: 'arn';
    readonly AwsEc2LaunchTemplate: 'arn';
  }
}

const volumeArn = arnForm('ec2', 'volume/');

export const resourceTypes = {
  AwsAccount: {
    noun: { one: 'account', many: 'accounts' },
    asffType: 'AwsAccount',
    asffId: ({ account }) => `AWS::::Account:${account}`,
    idIsAccount: true,
    arn: {
      service: 'iam',
      resource: () => 'root',
      idIn: () => undefined,
    },
    exampleId: '111122223333',
    hasOwnId: () => true,
    details: (_resource, facts) => ({
      Other: otherDetails({
        ebsEncryptionByDefault: knownValue(facts['ec2.ebsDefaultEncryption']),
        ebsDefaultKmsKeyId: knownValue(facts['ec2.ebsDefaultKey'])?.arn,
      }),
    }),
    tags: 'none',
    reading: 'in-batches',
    relations: [
      {
        kind: 'encrypted-by',
        type: 'AwsKmsKey',
        related: (_resource, facts) => {
          const key = knownValue(facts['ec2.ebsDefaultKey']);
          return key === undefined ? [] : [{ id: keyIdIn(key.arn) }];
        },
      },
    ],
  },
  AwsEc2Instance: {
    noun: { one: 'instance', many: 'instances' },
    asffType: 'AwsEc2Instance',
    arn: arnForm('ec2', 'instance/'),
    exampleId: 'i-0123456789abcdef0',
    hasOwnId: (id) => id.startsWith('i-'),
    details: (_resource, facts) => ({
      AwsEc2Instance: { Type: knownValue(facts['ec2.instance'])?.instanceType },
      Other: otherDetails({
        encryptionInTransitSupported: knownValue(facts['ec2.instanceType'])?.encryptionInTransitSupported,
      }),
    }),
    tags: 'with-facts',
    reading: 'in-batches',
    relations: [],
  },
  AwsEc2Volume: {
    noun: { one: 'volume', many: 'volumes' },
    asffType: 'AwsEc2Volume',
    arn: {
      ...volumeArn,
      // `instance/i-0abc#i-0abc:/dev/sdb` until its own id is known.
      idIn: (resource) => volumeArn.idIn(resource) ?? /#(.+)$/s.exec(resource)?.[1],
    },
    exampleId: 'vol-0123456789abcdef0',
    hasOwnId: (id) => id.startsWith('vol-'),
    details: ({ id }, facts) => {
      const key = knownValue(facts['ec2.volumeKey']);
      const encryption = knownValue(facts['ec2.volumeEncryption']);
      return {
        AwsEc2Volume: {
          // A volume without an id of its own has the id of its instance and device: `i-…:/dev/sdb`.
          ...(id.startsWith('vol-') ? { VolumeId: id } : { DeviceName: /^i-[^:]*:(.+)$/.exec(id)?.[1] }),
          Encrypted: encryption?.encrypted,
          KmsKeyId: key?.arn,
        },
        Other: otherDetails({ encryptionShownBy: encryption?.shownBy, keyManager: key?.manager }),
      };
    },
    tags: 'with-facts',
    reading: 'in-batches',
    relations: [
      {
        kind: 'encrypted-by',
        type: 'AwsKmsKey',
        related: (_resource, facts) => {
          const key = knownValue(facts['ec2.volumeKey']);
          return key === undefined ? [] : [{ id: keyIdIn(key.arn) }];
        },
      },
      {
        kind: 'part-of',
        type: 'AwsEc2Instance',
        related: ({ partOf }) =>
          partOf === undefined ? [] : [{ id: partOf.slice(partOf.lastIndexOf('/') + 1) }],
      },
    ],
  },
  AwsEc2Snapshot: {
    noun: { one: 'snapshot', many: 'snapshots' },
    asffType: 'Other',
    arn: arnForm('ec2', 'snapshot/', { withoutAccount: true }),
    exampleId: 'snap-0123456789abcdef0',
    hasOwnId: (id) => id.startsWith('snap-'),
    details: (_resource, facts) => {
      const sharing = knownValue(facts['ec2.snapshotSharing']);
      return {
        Other: otherDetails({
          encrypted: knownValue(facts['ec2.snapshotEncryption']),
          sharedWith: sharing && orNobody(sharing.sharedWith),
          sharingCoverage: sharing?.coverage,
        }),
      };
    },
    tags: 'with-facts',
    reading: 'one-call-each',
    relations: [],
  },
  AwsEc2LaunchTemplate: {
    noun: { one: 'launch template', many: 'launch templates' },
    asffType: 'AwsEc2LaunchTemplate',
    arn: arnForm('ec2', 'launch-template/'),
    exampleId: 'lt-0123456789abcdef0',
    hasOwnId: (id) => id.startsWith('lt-'),
    details: ({ id }, facts) => {
      const version = Number(knownValue(facts['ec2.launchTemplateVersion']));
      const type = knownValue(facts['ec2.launchTemplateType']);
      return {
        AwsEc2LaunchTemplate: {
          ...(id.startsWith('lt-') ? { Id: id } : {}),
          ...(Number.isSafeInteger(version) ? { LatestVersionNumber: version } : {}),
          LaunchTemplateData: {
            InstanceType: type?.instanceType,
            BlockDeviceMappingSet: knownValue(facts['ec2.launchTemplateVolumes'])?.map((volume) => ({
              DeviceName: volume.device,
              Ebs: { Encrypted: volume.encrypted, KmsKeyId: volume.kmsKeyId, SnapshotId: volume.snapshotId },
            })),
          },
        },
        Other: otherDetails({ instanceTypeByRequirements: type?.byRequirements }),
      };
    },
    tags: 'apart',
    reading: 'one-call-each',
    relations: [],
  },
} as const satisfies Record<string, ResourceTypeDefinition>;

function orNobody(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}
