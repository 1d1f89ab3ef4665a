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

/** Invoked directly: what it is asked to do counts only where its queue delivers it, which few may send to. */
export class InvokedDirectly extends Error {
  override readonly name = 'InvokedDirectly';

  constructor(queueUrl: string) {
    super(
      `This function takes messages of its queue alone, ${queueUrl}, and was invoked with something else. Nothing was ` +
        'done. Send the message to the queue, with the operator role; if it was not you, find out who may call ' +
        'lambda:InvokeFunction on it.',
    );
  }
}

/** The same of a function that only its queue may invoke. @throws InvokedDirectly where something else did. */
export function queuedDeliveries(event: unknown, queueUrl: string): readonly Delivery[] {
  const { deliveries, bySqs } = deliveriesIn(event);
  if (!bySqs) throw new InvokedDirectly(queueUrl);
  return deliveries;
}
