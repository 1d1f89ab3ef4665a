/** What belongs to Trailseal itself, and is never acted on. */
import type { Resource } from '../control.ts';

/**
 * Whether the resource is part of the deployment: CloudFormation tags what a stack makes with the stack's name, and
 * `serverless.yml` tags it with the service. KMS keys tell their tags to nobody who only describes them.
 * Source: AWS CloudFormation User Guide, "Resource tags" (aws:cloudformation:stack-name).
 * @param stack the stack's name.
 */
export function isOwnResource({ tags }: Pick<Resource, 'tags'>, stack: string): boolean {
  return tags?.['aws:cloudformation:stack-name'] === stack || tags?.['service'] === 'trailseal';
}
