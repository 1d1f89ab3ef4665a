/** What the services declare, for the rest of the code, which knows no service by name. */
import type { ArnResourceType, Control, Resource, ResourceType } from '../core/control.ts';
import type { Facts } from '../core/facts.ts';
import type { Relation, ResourceTypeDefinition, Service } from '../core/service.ts';
import * as all from './index.ts';

/** In the order in which they are shown. */
export const services: readonly Service[] = Object.values(all);

/** Every control, in the order in which they are shown. */
export const controls: readonly Control[] = services.flatMap((service) => service.controls);

/** The names of the evaluators: deployment units, each with a rule, a queue, a function and a role of its own. */
export const evaluators: readonly string[] = [...new Set(services.map(({ evaluator }) => evaluator))];

const serviceByControl = new Map(
  services.flatMap((service) => service.controls.map(({ id }) => [id, service] as const)),
);

/**
 * The evaluator that a control is deployed in: that of the service whose folder it is in, whatever its triggers.
 * @throws TypeError for a control that no service has.
 * @example evaluatorOf({ id: 'kms-key-policy' }) // 'kms'
 */
export function evaluatorOf({ id }: Pick<Control, 'id'>): string {
  const service = serviceByControl.get(id);
  if (service === undefined) throw new TypeError(`no service here has the control ${id}`);
  return service.evaluator;
}

const serviceByType = new Map(
  services.flatMap((service) => Object.keys(service.resourceTypes).map((type) => [type, service] as const)),
);

/**
 * The service that a type of resource belongs to.
 * @param type any text, because a message may contain anything.
 * @returns the service; `undefined` for an unknown type.
 * @example serviceOf('AwsKmsKey')?.id // 'kms'
 */
export function serviceOf(type: string): Service | undefined {
  return serviceByType.get(type);
}

/**
 * Whether some service has this type of resource.
 * @param type any text.
 * @example isResourceType('AwsKmsKey') // true
 */
export function isResourceType(type: string): type is ResourceType {
  return serviceByType.has(type);
}

/**
 * The definition of a type of resource.
 * @throws TypeError for a type that no service has; check input from outside with `isResourceType` first.
 * @example resourceTypeOf('AwsEc2Volume').noun.many // 'volumes'
 */
export function resourceTypeOf(type: ResourceType): ResourceTypeDefinition {
  const definition = serviceByType.get(type)?.resourceTypes[type];
  if (definition === undefined) throw new TypeError(`no service here has resources of type ${type}`);
  return definition;
}

/**
 * Whether resources of this type have an ARN.
 * @throws TypeError for a type that no service has.
 * @example hasArn('AwsKmsKey') // true
 */
export function hasArn(type: ResourceType): type is ArnResourceType {
  return resourceTypeOf(type).arn !== undefined;
}

/** Every type of resource, in the order in which they are shown. */
export const resourceTypes: readonly ResourceType[] = [...serviceByType.keys()].filter(isResourceType);

/**
 * Whether resources of this type can have tags.
 * @throws TypeError for a type that no service has.
 * @example isTaggable({ type: 'AwsAccount' }) // false
 */
export function isTaggable({ type }: Pick<Resource, 'type'>): boolean {
  return resourceTypeOf(type).tags !== 'none';
}

/** A resource that another one is related to, and how. It may be in another account, which its id does not tell. */
export interface RelatedResource {
  readonly kind: Relation['kind'];
  readonly type: ResourceType;
  readonly id: string;
}

/**
 * The resources that a resource is related to, of whatever service: how a service learns of another's resources without
 * importing it.
 * @param facts what is known of the resource; a relation that the known facts do not tell is left out.
 * @throws TypeError for a type that no service has.
 * @example relatedResources(volume, facts) // [{ kind: 'encrypted-by', type: 'AwsKmsKey', id: '1234abcd-12ab-…' }]
 */
export function relatedResources(resource: Resource, facts: Partial<Facts>): readonly RelatedResource[] {
  return resourceTypeOf(resource.type).relations.flatMap(({ kind, type, related }) =>
    related(resource, facts).map(({ id }) => ({ kind, type, id })),
  );
}
