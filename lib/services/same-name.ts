/**
 * Whether the id and the ARN of a resource name the same. They always do where an event or AWS names it; but facts are
 * read by one of them and writes made by the other, so that by a forged entry of the state table one resource would be
 * evaluated and another changed, and by a forged message one resource be evaluated in the name of another. How they go together is the service's.
 */
import { parseArn } from '../core/arn.ts';
import type { Resource } from '../core/control.ts';
import { isResourceType, resourceTypeOf } from './catalogue.ts';

/**
 * Whether the id and the ARN of a resource name the same.
 * @returns `true` for a resource without an ARN, where its type has none; `false` also for a type of resource that there
 *   is not, as an entry may say anything.
 * @example sameName(volume) // true for `vol-1` and `arn:aws:ec2:eu-central-1:111122223333:volume/vol-1`
 */
export function sameName({ type, id, arn: text, account }: Resource): boolean {
  if (!isResourceType(type)) return false;
  const { arn: form, idIsAccount = false } = resourceTypeOf(type);
  if (idIsAccount && id !== account) return false;
  if (form === undefined) return text === undefined;
  const arn = parseArn(text);
  if (arn === undefined) return false;
  const resource = form.resource(id);
  const longer = form.mayGoOn === true && arn.resource.startsWith(`${resource}/`);
  return arn.service === form.service && (arn.resource === resource || longer);
}
