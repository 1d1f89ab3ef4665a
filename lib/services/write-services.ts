/** The service, and the role, that makes an action's writes. */
import type { AnyAction } from '../core/action.ts';
import type { Action, ResourceType } from '../core/control.ts';
import { controls, serviceOf } from './catalogue.ts';
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

/**
 * The role that makes an action's writes: that of the service, or one of its own where IAM can't narrow what it needs.
 * @throws TypeError as `writingService` does.
 * @example writeRoleOf({ id: 'fix:restore-key-policy' }, 'AwsKmsKey') // 'kms-restore-key-policy'
 */
export function writeRoleOf(action: Pick<AnyAction, 'id'>, type: ResourceType): string {
  const service = writingService(action, type);
  return broadActions.includes(action.id) ? `${service}-${action.id.replace(/^fix:/, '')}` : service;
}

/** The actions whose permissions IAM can't narrow to what they do. */
export const broadActions: readonly Action[] = [
  ...new Set(controls.flatMap((control) => Object.keys(control.broadActions ?? {}) as Action[])),
];
