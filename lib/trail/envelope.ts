/**
 * What surrounds a record, and what makes something one. This module imports no schema library, because the
 * archive's workers import it and should start in no time.
 */
import { at, isObject } from '../core/json.ts';

/**
 * The CloudTrail record in `value`: itself, or the `detail` of an EventBridge envelope, or what the `body`
 * of an SQS record holds. Anything else is given back as it is, for `refusal` to name.
 * @example unwrap({ 'detail-type': 'AWS API Call via CloudTrail', detail: record }) // record
 */
export function unwrap(value: unknown): unknown {
  if (!isObject(value)) return value;
  const body = at(value, 'body');
  if (typeof body === 'string' && at(value, 'eventSource') === 'aws:sqs') {
    try {
      return unwrap(JSON.parse(body));
    } catch {
      // Not JSON: the SQS record itself goes on, and is refused there for having no eventName.
      return value;
    }
  }
  if (
    at(value, 'eventName') === undefined &&
    isObject(at(value, 'detail')) &&
    at(value, 'detail-type') !== undefined
  ) {
    return at(value, 'detail');
  }
  return value;
}

/**
 * @param record what `unwrap` gave.
 * @returns why it is not a CloudTrail record, as a sentence for people; `undefined` when it is one.
 * @example refusal({ eventName: 'CreateKey' }) // 'not a CloudTrail record: eventSource missing or not a string'
 */
export function refusal(record: unknown): string | undefined {
  if (!isObject(record)) return `not a CloudTrail record: ${describe(record)}`;
  const missing = ['eventSource', 'eventName'].filter((field) => {
    const found = at(record, field);
    return typeof found !== 'string' || found === '';
  });
  if (missing.length === 0) return undefined;
  return `not a CloudTrail record: ${missing.join(', ')} missing or not a string`;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return `a ${typeof value}`;
}
