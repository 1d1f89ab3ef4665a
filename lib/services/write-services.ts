/** The service whose role makes an action's writes. */
import type { AnyAction } from '../core/action.ts';
import type { ResourceType } from '../core/control.ts';
import { serviceOf } from './catalogue.ts';
import { liveServices } from './live-services.ts';

/**
 * The service that declares the action; of tagging, which no service declares, that of the resource.
 * @throws TypeError for a type of resource that no service has.
 * @example writingService({ id: 'quarantine' }, 'AwsEc2Instance') // 'ec2'
 */
export function writingService({ id }: Pick<AnyAction, 'id'>, type: ResourceType): string {
  const service = liveServices.find(({ actions }) => actions.some((action) => action.id === id));
  const { id: name } = service ?? serviceOf(type) ?? {};
  if (name === undefined) throw new TypeError(`no service here has resources of type ${type}`);
  return name;
}
