/** How a resource may be named on the command line. */
import { parseArn } from '../../lib/core/arn.ts';
import type { ResourceType } from '../../lib/core/control.ts';
import { namePartsIn } from '../../lib/core/resource-name.ts';
import { hasArn, isResourceType, resourceTypeOf, resourceTypes } from '../../lib/services/catalogue.ts';

export interface NamedResource {
  readonly type: ResourceType;
  /** As in finding ids. Left out for an account, whose id is the account's own. */
  readonly id?: string;
}

/**
 * The resource that a name on the command line stands for.
 * @param name an ARN, the name of a resource without one (`resourceName`), or a resource as Security Hub's findings name it: `ARN#ID` where the ARN is not its own.
 * @returns `undefined` when it is no resource that the controls evaluate.
 * @example resourceNamed('AWS::::Account:111122223333') // { type: 'AwsAccount' }
 */
export function resourceNamed(name: string): NamedResource | undefined {
  const account = resourceTypes.find((type) => isAccount(type, name));
  if (account !== undefined) return { type: account };
  const { type: named, id: ownId } = namePartsIn(name) ?? {};
  if (named !== undefined && ownId !== undefined) {
    return isResourceType(named) && !hasArn(named) ? { type: named, id: ownId } : undefined;
  }
  const arn = parseArn(name);
  if (arn === undefined) return undefined;
  for (const type of resourceTypes) {
    const form = resourceTypeOf(type).arn;
    const id = form?.service === arn.service ? form.idIn(arn.resource) : undefined;
    if (id !== undefined) return { type, id };
  }
  return undefined;
}

/** Whether the name is that of an account: its ARN, or the id that ASFF gives it. */
function isAccount(type: ResourceType, name: string): boolean {
  const { idIsAccount, asffId, arn: form } = resourceTypeOf(type);
  if (idIsAccount !== true) return false;
  const id = name.slice(name.lastIndexOf(':') + 1);
  if (asffId?.({ account: id, id }) === name) return true;
  const arn = parseArn(name);
  return (
    arn !== undefined &&
    form !== undefined &&
    arn.service === form.service &&
    arn.resource === form.resource(arn.account)
  );
}
