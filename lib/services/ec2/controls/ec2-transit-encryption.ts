import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import {
  allowedInstanceTypes,
  allowsType,
  fewerInstanceTypes,
} from '../../settings/allowed-instance-types.ts';
import { quarantineSettings } from '../quarantine/settings.ts';
import { instancesEvicted, instancesInSet, instanceWhoseTypeChanged } from '../resources/instances.ts';

/**
 * Some Nitro instance types encrypt all traffic between instances, in hardware, without any setting; the others,
 * Nitro or not, send it in plaintext unless every application encrypts it.
 * Source: Amazon EC2 User Guide, "Encryption in transit"; DescribeInstanceTypes,
 * NetworkInfo.EncryptionInTransitSupported.
 */
export const ec2TransitEncryption = defineControl({
  id: 'ec2-transit-encryption',
  title: 'EC2 instances should be of a type that encrypts traffic between instances',
  description:
    'Instance types that support it encrypt the traffic to other such instances in the same or a peered VPC ' +
    'with AEAD and 256-bit keys, without any setting. On any other type, also on many Nitro types (m5, c5, t3, ' +
    'm6g), traffic between instances crosses the network as the application sends it.',
  severity: 'MEDIUM',
  resourceType: 'AwsEc2Instance',
  standards: {
    'NIST.800-53.r5': ['SC-8', 'SC-8(1)', 'SC-8(2)', 'SC-13'],
    'PCI DSS v4.0.1': ['4.2.1'],
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['RunInstances', 'StartInstances'],
      resources: instancesInSet,
    },
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['ModifyInstanceAttribute'],
      resources: instanceWhoseTypeChanged,
    },
  ],
  deletions: [
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
  facts: ['ec2.instance', 'ec2.instanceType'],
  settings: z.strictObject({
    allowedInstanceTypes,
  }),
  narrowing: { allowedInstanceTypes: fewerInstanceTypes },
  evaluate({ id }, facts, settings) {
    const instance = facts['ec2.instance'];
    const type = facts['ec2.instanceType'];
    const required = 'an instance type with EncryptionInTransitSupported';
    const seen = [
      observe('instanceType', instance, (value) => value.instanceType),
      // What the EC2 User Guide calls the family, and a change of the type keeps or not.
      observe('instanceClass', instance, (value) => value.instanceType.replace(/\..*$/, '')),
      observe('encryptionInTransitSupported', type, (value) => value.encryptionInTransitSupported),
    ];
    if (!instance.known) {
      return unknown(`The type of the instance ${id} is unknown: ${instance.detail}.`, required, seen);
    }
    const { instanceType } = instance.value;
    const ofType = `The instance ${id} is of type ${instanceType}`;
    if (allowsType(settings.allowedInstanceTypes, instanceType)) {
      return pass(
        `${ofType}, which the policy accepts.`,
        `${required}, or one that the policy accepts`,
        seen,
      );
    }
    if (!type.known) {
      return unknown(
        `Whether the instance ${id} encrypts traffic between instances is unknown: ${type.detail}.`,
        required,
        seen,
      );
    }
    return type.value.encryptionInTransitSupported
      ? pass(`${ofType}, which encrypts traffic between instances.`, required, seen)
      : fail(`${ofType}, which does not encrypt traffic between instances.`, required, seen);
  },
  actions: ['notify', 'tag', 'quarantine'],
  actionSettings: { quarantine: quarantineSettings },
  remediation:
    'Stop the instance and change it to a type that encrypts in transit (list them with: aws ec2 ' +
    'describe-instance-types --filters Name=network-info.encryption-in-transit-supported,Values=true ' +
    '--query "InstanceTypes[].InstanceType"), then: aws ec2 modify-instance-attribute --instance-id ID ' +
    '--instance-type TYPE. Until then, encrypt in the application (TLS).',
  reference: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html#encryption-transit',
});
