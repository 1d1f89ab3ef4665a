/** How a resource may be named on the command line. */
import { parseArn } from '../../lib/core/arn.ts';
import type { ResourceType } from '../../lib/core/control.ts';
import { resourceTypeOf, resourceTypes } from '../../lib/services/catalogue.ts';

export interface NamedResource {
  readonly type: ResourceType;
  /** As in finding ids. Left out for an account, whose id is the account's own. */
  readonly id?: string;
}

/** A resource without an ARN of its own is named PARENT-ARN#ID, as in `lib/findings/asff-resource.ts`. */
const formsWithParent: readonly {
  readonly service: string;
  readonly pattern: RegExp;
  readonly type: ResourceType;
}[] = [
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
  for (const type of resourceTypes) {
    const form = resourceTypeOf(type).arn;
    const id = form.service === service && form.ofParent !== true ? form.idIn(resource) : undefined;
    if (id !== undefined) return { type, id };
  }
  for (const form of formsWithParent) {
    const id = form.service === service ? form.pattern.exec(resource)?.[1] : undefined;
    if (id !== undefined) return { type: form.type, id };
  }
  return undefined;
}
