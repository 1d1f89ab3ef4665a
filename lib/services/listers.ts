/** The listers of all types of resources, from the services' declarations. */
import type { ResourceType } from '../core/control.ts';
import type { Lister } from '../core/list.ts';
import { liveServices } from './live-services.ts';

export const listers: Partial<Readonly<Record<ResourceType, Lister>>> = Object.assign(
  {},
  ...liveServices.map((service) => service.listers),
);

/**
 * The lister of a type of resource.
 * @throws TypeError for a type that no service lists.
 * @example listerOf('AwsEc2Volume').permissions // ['ec2:DescribeVolumes']
 */
export function listerOf(type: ResourceType): Lister {
  const lister = listers[type];
  if (lister === undefined) throw new TypeError(`no service here lists resources of type ${type}`);
  return lister;
}
