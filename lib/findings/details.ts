/**
 * ASFF's details of a resource, from the facts: the object of its type as far as there is one, and under `Other`
 * what ASFF has no field for (EKS's encryptionConfig, snapshots, grants, node groups, …). Pure.
 * Source: Security Hub API model, ResourceDetails; AWS Security Hub User Guide, "Other object in ASFF".
 */
import type { AwsEksClusterLoggingDetails, ResourceDetails } from '@aws-sdk/client-securityhub';
import type { Fact, Facts, Resource, ResourceType } from '../core/control.ts';
import { asffLimits } from './asff-limits.ts';
import { plainObject } from './plain.ts';

type Known = Partial<Facts>;
type Describe = (resource: Resource, facts: Known) => ResourceDetails;

/**
 * @returns the details as plain JSON; `undefined` when no fact is known, so that what an earlier look told is not
 *   displaced by a look that was denied.
 */
export function detailsOf(resource: Resource, facts: Known): Readonly<Record<string, unknown>> | undefined {
  if (!Object.values(facts).some((fact) => fact.known)) return undefined;
  return plainObject(describe[resource.type](resource, facts), asffLimits.detail);
}

const describe: Readonly<Record<ResourceType, Describe>> = {
  AwsAccount: (_resource, facts) => ({
    Other: words({
      ebsEncryptionByDefault: told(facts['ec2.ebsDefaultEncryption']),
      ebsDefaultKmsKeyId: told(facts['ec2.ebsDefaultKey'])?.arn,
    }),
  }),

  AwsEc2Instance: (_resource, facts) => ({
    AwsEc2Instance: { Type: told(facts['ec2.instance'])?.instanceType },
    Other: words({
      encryptionInTransitSupported: told(facts['ec2.instanceType'])?.encryptionInTransitSupported,
    }),
  }),

  AwsEc2Volume: ({ id }, facts) => {
    const key = told(facts['ec2.volumeKey']);
    const encryption = told(facts['ec2.volumeEncryption']);
    return {
      AwsEc2Volume: {
        // Without an id of its own it goes by instance and device: `i-…:/dev/sdb`.
        ...(id.startsWith('vol-') ? { VolumeId: id } : { DeviceName: /^i-[^:]*:(.+)$/.exec(id)?.[1] }),
        Encrypted: encryption?.encrypted,
        KmsKeyId: key?.arn,
      },
      Other: words({ encryptionShownBy: encryption?.shownBy, keyManager: key?.manager }),
    };
  },

  AwsEc2Snapshot: (_resource, facts) => {
    const sharing = told(facts['ec2.snapshotSharing']);
    return {
      Other: words({
        encrypted: told(facts['ec2.snapshotEncryption']),
        sharedWith: sharing && orNobody(sharing.sharedWith),
        sharingCoverage: sharing?.coverage,
      }),
    };
  },

  AwsEc2LaunchTemplate: ({ id }, facts) => {
    const version = Number(told(facts['ec2.launchTemplateVersion']));
    const type = told(facts['ec2.launchTemplateType']);
    return {
      AwsEc2LaunchTemplate: {
        ...(id.startsWith('lt-') ? { Id: id } : {}),
        ...(Number.isSafeInteger(version) ? { LatestVersionNumber: version } : {}),
        LaunchTemplateData: {
          InstanceType: type?.instanceType,
          BlockDeviceMappingSet: told(facts['ec2.launchTemplateVolumes'])?.map((volume) => ({
            DeviceName: volume.device,
            Ebs: { Encrypted: volume.encrypted, KmsKeyId: volume.kmsKeyId, SnapshotId: volume.snapshotId },
          })),
        },
      },
      Other: words({ instanceTypeByRequirements: type?.byRequirements }),
    };
  },

  AwsEksCluster: ({ id, arn }, facts) => {
    const encryption = told(facts['eks.secretsEncryption']);
    return {
      AwsEksCluster: {
        Name: id,
        Arn: arn,
        Version: told(facts['eks.version']),
        ResourcesVpcConfig: { EndpointPublicAccess: told(facts['eks.endpointPublicAccess']) },
        Logging: logging(told(facts['eks.logging'])),
      },
      Other: words({
        secretsEncryptionKey: encryption && (encryption.key ?? 'none'),
        publicAccessCidrs: told(facts['eks.publicAccessCidrs'])?.join(', '),
      }),
    };
  },

  AwsEksNodegroup: ({ id }, facts) => {
    const nodegroup = told(facts['eks.nodegroup']);
    const [clusterName, nodegroupName] = id.split('/');
    return {
      Other: words({
        clusterName,
        nodegroupName,
        instanceTypes: nodegroup?.instanceTypes.join(', '),
        instanceTypesNamedBy: nodegroup?.namedBy,
        withoutEncryptionInTransit: told(facts['eks.nodegroupTypes'])
          ?.filter(({ support }) => told(support)?.encryptionInTransitSupported === false)
          .map(({ instanceType }) => instanceType)
          .join(', '),
      }),
    };
  },

  AwsKmsKey: ({ id, account }, facts) => {
    const key = told(facts['kms.key']);
    const state = told(facts['kms.keyState']);
    const rotation = told(facts['kms.rotation']);
    const material = told(facts['kms.keyMaterial']);
    return {
      AwsKmsKey: {
        AWSAccountId: /^\d{12}$/.test(account) ? account : undefined,
        KeyId: id,
        KeyManager: key?.keyManager ?? undefined,
        KeyState: state?.keyState,
        Origin: key?.origin ?? undefined,
        KeyRotationStatus: rotation?.enabled,
      },
      Other: words({
        keySpec: key?.keySpec,
        keyUsage: key?.keyUsage,
        multiRegionKeyType: key?.multiRegionKeyType,
        customKeyStoreId: key?.customKeyStoreId,
        deletionDate: state?.deletionDate,
        pendingWindowInDays: state?.pendingWindowInDays,
        rotationPeriodInDays: rotation?.rotationPeriodInDays,
        policyIsDefault: told(facts['kms.keyPolicy'])?.isDefault,
        expirationModel: material?.expirationModel,
        validTo: material?.validTo,
        missingKeyMaterial: material?.missing.length,
      }),
    };
  },

  AwsKmsGrant: ({ id }, facts) => {
    const grant = told(facts['kms.grant']);
    const [keyId, grantId] = id.split('/');
    return {
      Other: words({
        keyId,
        grantId,
        status: grant?.status,
        granteePrincipal: grant?.granteePrincipal,
        granteeServicePrincipal: grant?.granteeServicePrincipal,
        retiringPrincipal: grant?.retiringPrincipal,
        operations: grant?.operations.join(', '),
        constraints: grant?.constraints.join(', '),
      }),
    };
  },
};

/** The value of a fact that is known. */
function told<T>(fact: Fact<T> | undefined): T | undefined {
  return fact?.known ? fact.value : undefined;
}

/** The members that are told, as the strings that `Other` holds. */
function words(
  members: Readonly<Record<string, string | number | boolean | null | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, String(value)]],
    ),
  );
}

function orNobody(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}

/** The logs that are on and those that are off, each in a list of its own. */
function logging(
  logs: Extract<Facts['eks.logging'], { known: true }>['value'] | undefined,
): AwsEksClusterLoggingDetails {
  const named = (on: boolean) =>
    Object.entries(logs ?? {})
      .filter(([, exported]) => exported === on)
      .map(([log]) => log);
  return {
    ClusterLogging: [true, false]
      .map((on) => ({ Enabled: on, Types: named(on) }))
      .filter(({ Types }) => Types.length > 0),
  };
}
