/** The request of an event, where it was recorded whole. */
import type { TrailEvent } from '../../../core/control.ts';
import { at, isObject } from '../../../core/json.ts';

/**
 * The request's parameters; `undefined` when there are none, or when CloudTrail left them out for their size,
 * so that what they lack was not thereby left to the API's defaults.
 * Source: AWS CloudTrail User Guide, "CloudTrail record contents" (`omitted`).
 */
export function wholeRequest(event: TrailEvent): Readonly<Record<string, unknown>> | undefined {
  return isObject(event.request) && at(event.request, 'omitted') === undefined ? event.request : undefined;
}
