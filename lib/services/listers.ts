/** How resources of each type are listed, as its service says. */
import type { ResourceType } from '../core/control.ts';
import type { Lister } from '../core/list.ts';
import { liveServices } from './live-services.ts';

export const listers: Partial<Readonly<Record<ResourceType, Lister>>> = Object.assign(
  {},
  ...liveServices.map((service) => service.listers),
);

/**
 * How resources of this type are listed.
 * @throws TypeError for a type that no service here lists.
 */
export function listerOf(type: ResourceType): Lister {
  const lister = listers[type];
  if (lister === undefined) throw new TypeError(`no service here lists resources of type ${type}`);
  return lister;
}
