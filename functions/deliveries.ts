/** The messages that a function was invoked with. */
import { at, isObject, list, text } from '../lib/core/json.ts';
import type { Delivery } from '../lib/pipeline/live/batch.ts';

export interface Deliveries {
  readonly deliveries: readonly Delivery[];
  /** Whether a queue delivered them; otherwise the function was invoked directly with one message, such as an event. */
  readonly bySqs: boolean;
}

/** @param event what Lambda passed to the handler. Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" (event structure). */
export function deliveriesIn(event: unknown): Deliveries {
  const records = list(event, 'Records');
  const bySqs = records.length > 0 && records.every((record) => at(record, 'eventSource') === 'aws:sqs');
  if (!bySqs) {
    return {
      deliveries: [{ id: 'invocation', body: JSON.stringify(event ?? null), receives: 1 }],
      bySqs: false,
    };
  }
  return {
    deliveries: records.filter(isObject).map((record, index) => {
      const receipt = text(record, 'receiptHandle');
      return {
        id: text(record, 'messageId') ?? `record ${index}`,
        body: text(record, 'body') ?? '',
        receives: Number(text(record, 'attributes', 'ApproximateReceiveCount') ?? 1),
        ...(receipt === undefined ? {} : { receipt }),
      };
    }),
    bySqs: true,
  };
}
