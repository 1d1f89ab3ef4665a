/** How a resource may be named on the command line, by service. The only knowledge of services that `undo` and `history` have. */
import { parseArn } from '../../lib/core/arn.ts';
import type { ResourceType } from '../../lib/core/control.ts';

export interface NamedResource {
  readonly type: ResourceType;
  /** As in finding ids. Left out for an account, whose id is the account's own. */
  readonly id?: string;
}

interface ResourceForm {
  readonly service: string;
  /** Of the resource part of the ARN; its first group is the id. */
  readonly pattern: RegExp;
  readonly type: ResourceType;
}

/** Source: Service Authorization Reference, resource types of EC2, EKS and KMS. */
const forms: readonly ResourceForm[] = [
  { service: 'ec2', pattern: /^instance\/([^/#]+)$/, type: 'AwsEc2Instance' },
  { service: 'ec2', pattern: /^volume\/([^/#]+)$/, type: 'AwsEc2Volume' },
  { service: 'ec2', pattern: /^snapshot\/([^/#]+)$/, type: 'AwsEc2Snapshot' },
  { service: 'ec2', pattern: /^launch-template\/([^/#]+)$/, type: 'AwsEc2LaunchTemplate' },
  { service: 'eks', pattern: /^cluster\/([^/#]+)$/, type: 'AwsEksCluster' },
  // The ARN ends with a UUID, which is not part of the id.
  { service: 'eks', pattern: /^nodegroup\/([^/#]+\/[^/#]+)(?:\/[^/#]+)?$/, type: 'AwsEksNodegroup' },
  { service: 'kms', pattern: /^key\/([^/#]+)$/, type: 'AwsKmsKey' },
  // A resource without an ARN of its own is named PARENT-ARN#ID, as in `lib/findings/asff-resource.ts`.
  { service: 'ec2', pattern: /#(.+)$/s, type: 'AwsEc2Volume' },
  { service: 'eks', pattern: /#(.+)$/s, type: 'AwsEksNodegroup' },
  { service: 'kms', pattern: /#(.+)$/s, type: 'AwsKmsGrant' },
];

/**
 * The resource that a name on the command line stands for.
 * @param name an ARN, or a resource as Security Hub's findings name it.
 * @returns `undefined` when it is no resource that the controls evaluate.
 */
export function resourceNamed(name: string): NamedResource | undefined {
  if (name.startsWith('AWS::::Account:')) return { type: 'AwsAccount' };
  const arn = parseArn(name);
  if (arn === undefined) return undefined;
  const { service, resource } = arn;
  if (service === 'iam' && resource === 'root') return { type: 'AwsAccount' };
  for (const form of forms) {
    const id = form.service === service ? form.pattern.exec(resource)?.[1] : undefined;
    if (id !== undefined) return { type: form.type, id };
  }
  return undefined;
}
