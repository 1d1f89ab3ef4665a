import * as z from 'zod/mini';
import { defineControl, type Facts, fail, observe, pass, unknown } from '../../../core/control.ts';
import { orOneOf } from '../../../core/narrowing.ts';
import {
  allowedInstanceTypes,
  allowsType,
  fewerInstanceTypes,
} from '../../settings/allowed-instance-types.ts';
import { launchTemplate } from '../resources/launch-templates.ts';

/**
 * Every instance of an Auto Scaling group or node group gets what its launch template prescribes, long after anybody
 * checked the template. The newest version is evaluated. Source: Amazon EC2 User Guide, "Store instance launch
 * parameters in Amazon EC2 launch templates"; AWS Config, "ec2-launch-templates-ebs-volume-encrypted".
 */
export const launchTemplateEncryption = defineControl({
  id: 'launch-template-encryption',
  title: 'Launch templates should not prescribe unencrypted volumes or instance types that do not encrypt',
  description:
    'A launch template that says Encrypted: false, or names an instance type that does not encrypt traffic between ' +
    'instances, reproduces that in every instance launched from it. A template that says nothing of its volumes ' +
    'leaves them to the AMI and to encryption by default, and is not held against.',
  severity: 'MEDIUM',
  resourceType: 'AwsEc2LaunchTemplate',
  standards: {
    'NIST.800-53.r5': ['CM-2', 'CM-6', 'SC-8', 'SC-8(1)', 'SC-13', 'SC-28', 'SC-28(1)'],
    'PCI DSS v4.0.1': ['3.5.1', '4.2.1'],
    'AWS FSBP': ['EC2.181'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['CreateLaunchTemplate', 'CreateLaunchTemplateVersion'],
      resources: launchTemplate,
    },
  ],
  deletions: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['DeleteLaunchTemplate'],
      resources: launchTemplate,
    },
  ],
  facts: [
    'ec2.launchTemplateVersion',
    'ec2.launchTemplateType',
    'ec2.launchTemplateVolumes',
    'ec2.instanceType',
    'ec2.ebsDefaultEncryption',
  ],
  settings: z.strictObject({
    requireVolumeEncryption: z
      ._default(z.boolean(), true)
      .check(z.describe('Whether volumes that the template prescribes must be encrypted.')),
    requireTransitEncryption: z
      ._default(z.boolean(), true)
      .check(z.describe('Whether the instance type must encrypt traffic between instances.')),
    allowedInstanceTypes,
  }),
  narrowing: {
    requireVolumeEncryption: orOneOf(true),
    requireTransitEncryption: orOneOf(true),
    allowedInstanceTypes: fewerInstanceTypes,
  },
  evaluate(template, facts, settings) {
    const version = facts['ec2.launchTemplateVersion'];
    const parts = [
      ...(settings.requireVolumeEncryption ? [evaluateVolumes(facts)] : []),
      ...(settings.requireTransitEncryption ? [evaluateType(facts, settings.allowedInstanceTypes)] : []),
    ];
    const required = [
      ...(settings.requireVolumeEncryption ? ['no volume with Encrypted: false'] : []),
      ...(settings.requireTransitEncryption
        ? ['no instance type without EncryptionInTransitSupported, unless the policy accepts it']
        : []),
    ].join('; ');
    const type = facts['ec2.launchTemplateType'];
    const seen = [
      observe('version', version, (value) => value),
      observe('instanceType', type, ({ instanceType, byRequirements }) =>
        byRequirements ? 'by InstanceRequirements' : (instanceType ?? null),
      ),
      ...(type.known && type.value.instanceType !== undefined
        ? [
            observe(
              'encryptionInTransitSupported',
              facts['ec2.instanceType'],
              (value) => value.encryptionInTransitSupported,
            ),
          ]
        : []),
      observe('volumes', facts['ec2.launchTemplateVolumes'], (volumes) =>
        volumes.map(
          ({ device, encrypted, kmsKeyId }) =>
            `${device}: Encrypted ${encrypted ?? 'not given'}${kmsKeyId === undefined ? '' : `, KmsKeyId ${kmsKeyId}`}`,
        ),
      ),
      observe('ebsEncryptionByDefault', facts['ec2.ebsDefaultEncryption'], (value) => value),
    ];
    const subject = `${version.known ? `Version ${version.value}` : 'The newest version'} of ${template.id}`;
    const partsThat = (verdict: TemplatePart['verdict']) =>
      parts.filter((part) => part.verdict === verdict).map((part) => part.clause);
    const failures = partsThat('FAIL');
    if (failures.length > 0) return fail(`${subject} ${failures.join(' and ')}.`, required, seen);
    const doubts = partsThat('UNKNOWN');
    if (doubts.length > 0) return unknown(`${subject} ${doubts.join(' and ')}.`, required, seen);
    return pass(
      parts.length === 0
        ? `${subject} is not evaluated: the policy requires nothing of launch templates.`
        : `${subject} ${partsThat('PASS').join(' and ')}.`,
      required === '' ? 'nothing' : required,
      seen,
    );
  },
  actions: ['notify', 'tag'],
  remediation:
    'Make a version that is right: aws ec2 create-launch-template-version --launch-template-id ID --source-version ' +
    'VERSION --launch-template-data with Ebs.Encrypted true and an InstanceType that encrypts in transit; make it ' +
    'the default: aws ec2 modify-launch-template --launch-template-id ID --default-version NEW; then replace the ' +
    'instances that were launched from the old one.',
  reference: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html',
});

/** The evaluation of one side of the template, with a clause whose subject is the template's version. */
interface TemplatePart {
  readonly verdict: 'PASS' | 'FAIL' | 'UNKNOWN';
  readonly clause: string;
}

function evaluateVolumes(
  facts: Pick<Facts, 'ec2.launchTemplateVolumes' | 'ec2.ebsDefaultEncryption'>,
): TemplatePart {
  const volumes = facts['ec2.launchTemplateVolumes'];
  const byDefault = facts['ec2.ebsDefaultEncryption'];
  if (!volumes.known) {
    return { verdict: 'UNKNOWN', clause: `may prescribe unencrypted volumes (${volumes.detail})` };
  }
  const plain = volumes.value.filter((volume) => volume.encrypted === false).map((volume) => volume.device);
  if (plain.length > 0) {
    return byDefault.known && byDefault.value
      ? {
          verdict: 'PASS',
          clause: `prescribes unencrypted volumes (${plain.join(', ')}), which encryption by default overrides`,
        }
      : { verdict: 'FAIL', clause: `prescribes unencrypted volumes (${plain.join(', ')})` };
  }
  const silent = volumes.value.some(
    ({ encrypted, kmsKeyId }) => encrypted === undefined && kmsKeyId === undefined,
  );
  if (volumes.value.length === 0) return { verdict: 'PASS', clause: 'prescribes no volumes' };
  return {
    verdict: 'PASS',
    clause: silent
      ? 'leaves the encryption of volumes to the account and the AMI'
      : 'prescribes encrypted volumes only',
  };
}

function evaluateType(
  facts: Pick<Facts, 'ec2.launchTemplateType' | 'ec2.instanceType'>,
  accepted: readonly string[],
): TemplatePart {
  const type = facts['ec2.launchTemplateType'];
  const support = facts['ec2.instanceType'];
  if (!type.known) {
    return { verdict: 'UNKNOWN', clause: `may prescribe a type that does not encrypt (${type.detail})` };
  }
  const { instanceType, byRequirements } = type.value;
  if (byRequirements) {
    return {
      verdict: 'UNKNOWN',
      clause: 'chooses the instance type by requirements, so that it is known only at launch',
    };
  }
  if (instanceType === undefined) return { verdict: 'PASS', clause: 'prescribes no instance type' };
  if (allowsType(accepted, instanceType)) {
    return { verdict: 'PASS', clause: `prescribes ${instanceType}, which the policy accepts` };
  }
  if (!support.known) {
    return {
      verdict: 'UNKNOWN',
      clause: `prescribes ${instanceType}, of which it is unknown whether it encrypts (${support.detail})`,
    };
  }
  return support.value.encryptionInTransitSupported
    ? { verdict: 'PASS', clause: `prescribes ${instanceType}, which encrypts traffic between instances` }
    : {
        verdict: 'FAIL',
        clause: `prescribes ${instanceType}, which does not encrypt traffic between instances`,
      };
}
