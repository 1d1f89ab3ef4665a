/**
 * EC2's newer operations are logged inside a wrapper that bears the operation's name, as the XML of the call
 * was: `{"CreateLaunchTemplateRequest": {"LaunchTemplateName": …}}`, the request's members in PascalCase and
 * the response's in camelCase; an empty element is `""`. Source: real records of CreateLaunchTemplate and
 * GetEbsEncryptionByDefault (adanalvarez/TrailDiscover, docs/logExamples). Not every such operation has been
 * seen, so each reader takes either spelling, with the wrapper or without it.
 */

import type { TrailEvent } from '../../../core/event.ts';
import { at } from '../../../core/json.ts';

/** What the request holds, out of its wrapper. */
export function requestOf(event: TrailEvent): unknown {
  return at(event.request, `${event.eventName}Request`) ?? event.request;
}

/** What the response holds, out of its wrapper. */
export function responseOf(event: TrailEvent): unknown {
  return at(event.response, `${event.eventName}Response`) ?? event.response;
}
