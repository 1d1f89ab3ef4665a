import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import {
  allowedInstanceTypes,
  allowsType,
  fewerInstanceTypes,
} from '../../settings/allowed-instance-types.ts';
import { cluster, nodegroup } from '../resources.ts';

/**
 * Pods communicate with pods on other nodes over the nodes' network, in plaintext unless the application, a mesh or
 * the nodes' hardware encrypts. A node group launches any of its instance types, so each of them must encrypt.
 * Source: Amazon EC2 User Guide, "Encryption in transit"; DescribeInstanceTypes,
 * NetworkInfo.EncryptionInTransitSupported; EKS API Reference, CreateNodegroup.
 */
export const eksNodeTransitEncryption = defineControl({
  id: 'eks-node-transit-encryption',
  title: 'EKS node groups should use instance types that encrypt traffic between instances',
  description:
    'Traffic between pods on different nodes crosses the VPC as the application sends it. Instance types that ' +
    'support it encrypt what they send to one another, without any setting; on any other type, as on ' +
    't3.medium, which EKS uses where none is named, that traffic is in the clear.',
  severity: 'MEDIUM',
  resourceType: 'AwsEksNodegroup',
  standards: {
    'NIST.800-53.r5': ['SC-8', 'SC-8(1)', 'SC-8(2)', 'SC-13'],
    'PCI DSS v4.0.1': ['4.2.1'],
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'eks.amazonaws.com',
      eventNames: ['CreateNodegroup', 'UpdateNodegroupVersion'],
      resources: nodegroup,
    },
  ],
  deletions: [
    {
      kind: 'api-call',
      eventSource: 'eks.amazonaws.com',
      eventNames: ['DeleteNodegroup'],
      resources: nodegroup,
    },
    { kind: 'api-call', eventSource: 'eks.amazonaws.com', eventNames: ['DeleteCluster'], resources: cluster },
  ],
  facts: ['eks.nodegroup', 'eks.nodegroupTypes'],
  settings: z.strictObject({
    allowedInstanceTypes,
  }),
  narrowing: { allowedInstanceTypes: fewerInstanceTypes },
  evaluate({ id }, facts, settings) {
    const group = facts['eks.nodegroup'];
    const types = facts['eks.nodegroupTypes'];
    const required =
      settings.allowedInstanceTypes.length === 0
        ? 'instance types with EncryptionInTransitSupported only'
        : `instance types with EncryptionInTransitSupported, or accepted: ${settings.allowedInstanceTypes.join(', ')}`;
    const seen = [
      observe('instanceTypes', group, (value) => value.instanceTypes),
      observe('instanceTypes named by', group, (value) => value.namedBy),
      ...(types.known
        ? types.value.map(({ instanceType, support }) =>
            observe(
              `${instanceType} encryptionInTransitSupported`,
              support,
              (value) => value.encryptionInTransitSupported,
            ),
          )
        : []),
    ];
    if (!types.known) {
      return unknown(`The instance types of node group ${id} are unknown: ${types.detail}.`, required, seen);
    }
    if (types.value.length === 0) {
      return unknown(`Node group ${id} is known, but no instance type of it.`, required, seen);
    }
    const evaluated = types.value.filter(
      ({ instanceType }) => !allowsType(settings.allowedInstanceTypes, instanceType),
    );
    const failing = evaluated.filter(
      ({ support }) => support.known && !support.value.encryptionInTransitSupported,
    );
    if (failing.length > 0) {
      const byDefault =
        group.known && group.value.namedBy === 'EKS default' ? ', which EKS uses where no type is named' : '';
      return fail(
        `Traffic between nodes of node group ${id} is not encrypted on ${names(failing)}${byDefault}.`,
        required,
        seen,
      );
    }
    const unsure = evaluated.find(({ support }) => !support.known);
    if (unsure !== undefined && !unsure.support.known) {
      return unknown(
        `Whether traffic between nodes of node group ${id} is encrypted on ${unsure.instanceType} is unknown: ${unsure.support.detail}.`,
        required,
        seen,
      );
    }
    return evaluated.length === 0
      ? pass(`The policy accepts ${names(types.value)}, the types of node group ${id}.`, required, seen)
      : pass(
          `Traffic between nodes of node group ${id} is encrypted on ${names(evaluated)}.`,
          required,
          seen,
        );
  },
  actions: ['notify', 'tag'],
  remediation:
    'Make a node group of types that encrypt (list them with: aws ec2 describe-instance-types --filters ' +
    'Name=network-info.encryption-in-transit-supported,Values=true --query "InstanceTypes[].InstanceType"): aws eks ' +
    'create-nodegroup --cluster-name NAME --nodegroup-name NEW --instance-types TYPE …; drain the old one, then: ' +
    'aws eks delete-nodegroup --cluster-name NAME --nodegroup-name OLD. A type named in a launch template changes ' +
    'with a new version of it and: aws eks update-nodegroup-version.',
  reference: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html#encryption-transit',
});

function names(types: readonly { readonly instanceType: string }[]): string {
  return types.map(({ instanceType }) => instanceType).join(', ');
}
