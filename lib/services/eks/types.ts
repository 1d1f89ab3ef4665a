/**
 * The types of resources that EKS has: what is particular to each.
 * Sources: Service Authorization Reference, "Resource types defined by Amazon Elastic Kubernetes Service"; Security Hub
 * API model, ResourceDetails.
 */
import type { AwsEksClusterLoggingDetails } from '@aws-sdk/client-securityhub';
import { arnForm, keyIdIn } from '../../core/arn.ts';
import { knownValue, otherDetails } from '../../core/details.ts';
import type { Facts } from '../../core/facts.ts';
import type { ResourceTypeDefinition } from '../../core/service.ts';

declare module '../../core/control.ts' {
  interface ResourceTypes {
    readonly AwsEksCluster: 'arn';
    readonly AwsEksNodegroup: 'arn';
  }
}

export const resourceTypes = {
  AwsEksCluster: {
    noun: { one: 'cluster', many: 'clusters' },
    asffType: 'AwsEksCluster',
    arn: arnForm('eks', 'cluster/'),
    exampleId: 'my-cluster',
    hasOwnId: () => true,
    details: ({ id, arn }, facts) => {
      const encryption = knownValue(facts['eks.secretsEncryption']);
      return {
        AwsEksCluster: {
          Name: id,
          Arn: arn,
          Version: knownValue(facts['eks.version']),
          ResourcesVpcConfig: { EndpointPublicAccess: knownValue(facts['eks.endpointPublicAccess']) },
          Logging: logging(knownValue(facts['eks.logging'])),
        },
        Other: otherDetails({
          secretsEncryptionKey: encryption && (encryption.key ?? 'none'),
          publicAccessCidrs: knownValue(facts['eks.publicAccessCidrs'])?.join(', '),
        }),
      };
    },
    tags: 'with-facts',
    reading: 'in-batches',
    relations: [
      {
        kind: 'encrypted-by',
        type: 'AwsKmsKey',
        related: (_resource, facts) => {
          const key = knownValue(facts['eks.secretsEncryption'])?.key;
          return key === undefined || key === null ? [] : [{ id: keyIdIn(key) }];
        },
      },
    ],
  },
  AwsEksNodegroup: {
    noun: { one: 'node group', many: 'node groups' },
    asffType: 'Other',
    arn: {
      service: 'eks',
      resource: (id) => `nodegroup/${id}`,
      // It ends in a UUID that few events contain: `nodegroup/<cluster>/<node group>/<uuid>`.
      mayGoOn: true,
      idIn: (resource) =>
        (/^nodegroup\/([^/#]+\/[^/#]+)(?:\/[^/#]+)?$/.exec(resource) ?? /#(.+)$/s.exec(resource))?.[1],
    },
    exampleId: 'my-cluster/my-nodegroup',
    hasOwnId: () => true,
    details: ({ id }, facts) => {
      const nodegroup = knownValue(facts['eks.nodegroup']);
      const [clusterName, nodegroupName] = id.split('/');
      return {
        Other: otherDetails({
          clusterName,
          nodegroupName,
          instanceTypes: nodegroup?.instanceTypes.join(', '),
          instanceTypesNamedBy: nodegroup?.namedBy,
          withoutEncryptionInTransit: knownValue(facts['eks.nodegroupTypes'])
            ?.filter(({ support }) => knownValue(support)?.encryptionInTransitSupported === false)
            .map(({ instanceType }) => instanceType)
            .join(', '),
        }),
      };
    },
    tags: 'with-facts',
    reading: 'in-batches',
    relations: [
      {
        kind: 'part-of',
        type: 'AwsEksCluster',
        related: ({ id }) => [{ id: id.slice(0, Math.max(0, id.indexOf('/'))) }],
      },
    ],
  },
} as const satisfies Record<string, ResourceTypeDefinition>;

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
