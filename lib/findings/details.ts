/** ASFF's details of a resource: what its service knows of it, as plain JSON within ASFF's limits. Pure. */
import type { Facts, Resource } from '../core/control.ts';
import type { ResourceTypeDefinition } from '../core/service.ts';
import { asffLimits } from './asff-limits.ts';
import { plainObject } from './plain.ts';

/**
 * @param type what the service says of the resource's type.
 * @returns the details as plain JSON; `undefined` when no fact is known, so that what an earlier evaluation published is not
 *   displaced by one that was denied.
 */
export function detailsOf(
  type: Pick<ResourceTypeDefinition, 'details'>,
  resource: Resource,
  facts: Partial<Facts>,
): Readonly<Record<string, unknown>> | undefined {
  if (!Object.values(facts).some((fact) => fact.known)) return undefined;
  return plainObject(type.details(resource, facts), asffLimits.detail);
}
