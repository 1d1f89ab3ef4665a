/** What belongs to Trailseal itself, and is never acted on. */
import type { Resource } from '../../core/control.ts';

export interface Own {
  /** The stack's name. */
  readonly stack: string;
  /** The keys that the deployment encrypts with: KMS tells the tags of a key to nobody who only describes it. */
  readonly keyArns: readonly string[];
}

/**
 * Whether the resource is part of the deployment: CloudFormation tags what a stack makes with the stack's name, which
 * nobody else can, as the names of AWS's own tags are reserved. What users can tag would let anybody off.
 * Source: AWS CloudFormation User Guide, "Resource tags" (aws:cloudformation:stack-name).
 */
export function isOwnResource(
  { tags, arn }: Pick<Resource, 'tags' | 'arn'>,
  { stack, keyArns }: Own,
): boolean {
  return tags?.['aws:cloudformation:stack-name'] === stack || keyArns.includes(arn);
}
