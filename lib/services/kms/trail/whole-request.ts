/** The request of an event, where it was recorded whole. */
import type { TrailEvent } from '../../../core/control.ts';
import { at, isObject } from '../../../core/json.ts';

/**
 * The parameters of an event's request, where the record contains it in full.
 * Source: AWS CloudTrail User Guide, "CloudTrail record contents" (`omitted`).
 * @returns the parameters; `undefined` without a request, and when CloudTrail left it out because of its size, so
 *   that a
 * missing parameter does not mean the API's default.
 * @example wholeRequest({ ...event, request: { omitted: true } }) // undefined
 */
export function wholeRequest(event: TrailEvent): Readonly<Record<string, unknown>> | undefined {
  return isObject(event.request) && at(event.request, 'omitted') === undefined ? event.request : undefined;
}
