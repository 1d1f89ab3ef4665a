/**
 * CloudTrail logs EC2's newer operations inside a wrapper with the operation's name, like the XML of the call:
 * `{"CreateLaunchTemplateRequest": {"LaunchTemplateName": …}}`, the request's members in PascalCase and the
 * response's in camelCase; an empty element is `""`. Source: real records of CreateLaunchTemplate and
 * GetEbsEncryptionByDefault (adanalvarez/TrailDiscover, docs/logExamples). Records of some of these operations are
 * not known, so each reader accepts either spelling, with or without the wrapper.
 */

import type { TrailEvent } from '../../../core/event.ts';
import { at } from '../../../core/json.ts';

/**
 * An event's request without its wrapper.
 * @returns unparsed JSON.
 * @example requestOf({ ...event, eventName: 'DeleteSnapshot', request: { snapshotId: 'snap-0123456789abcdef0' } }) // { snapshotId: 'snap-0123456789abcdef0' }
 */
export function requestOf(event: TrailEvent): unknown {
  return at(event.request, `${event.eventName}Request`) ?? event.request;
}

/**
 * An event's response without its wrapper.
 * @returns unparsed JSON.
 * @example responseOf({ ...event, eventName: 'GetEbsDefaultKmsKeyId', response: { GetEbsDefaultKmsKeyIdResponse: { kmsKeyId: 'a' } } }) // { kmsKeyId: 'a' }
 */
export function responseOf(event: TrailEvent): unknown {
  return at(event.response, `${event.eventName}Response`) ?? event.response;
}
