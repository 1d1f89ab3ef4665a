/** How each type of resource is tagged, as its service says. */
import type { TagAdapter } from '../core/action.ts';
import type { ResourceType } from '../core/control.ts';
import { liveServices } from './live-services.ts';

const byType: Partial<Readonly<Record<ResourceType, TagAdapter>>> = Object.assign(
  {},
  ...liveServices.map(({ tagAdapters }) => tagAdapters),
);

export const tagAdapters: readonly TagAdapter[] = Object.values(byType);

/** `undefined` of a type that has no tags, as accounts and KMS grants. */
export function tagAdapterOf(type: ResourceType): TagAdapter | undefined {
  return Object.hasOwn(byType, type) ? byType[type] : undefined;
}
