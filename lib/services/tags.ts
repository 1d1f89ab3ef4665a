/** The tag adapters of all types of resources, from the services' declarations. */
import type { TagAdapter } from '../core/action.ts';
import type { ResourceType } from '../core/control.ts';
import { liveServices } from './live-services.ts';

const byType: Partial<Readonly<Record<ResourceType, TagAdapter>>> = Object.assign(
  {},
  ...liveServices.map(({ tagAdapters }) => tagAdapters),
);

export const tagAdapters: readonly TagAdapter[] = Object.values(byType);

/**
 * The tag adapter of a type of resource.
 * @returns `undefined` for a type that has no tags, such as accounts and KMS grants.
 * @example tagAdapterOf('AwsAccount') // undefined
 */
export function tagAdapterOf(type: ResourceType): TagAdapter | undefined {
  return Object.hasOwn(byType, type) ? byType[type] : undefined;
}
