/** The messages that the function is given, and what its processes did. */

import { queueName } from '../../lib/aws/names.ts';
import { at, list, text } from '../../lib/core/json.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import { publishableTransition } from '../../lib/remediation/events/publish.ts';
import { transitionOf, transitionSource } from '../../lib/remediation/events/transition.ts';
import { account, region } from '../emulator/action-deps.ts';
import { isChange } from './calls.ts';
import type { Invocation } from './invoke.ts';
import type { Call } from './relay.ts';

/** Schedules and queues are those of one stage; each state table, and each bus, is of a stage of its own. */
export const shared = 'crash';

/** What all processes of one run did. */
export interface MessageState {
  /** How many of them were killed. */
  readonly killed: number;
  /** The calls of the first. */
  readonly calls: readonly string[];
  /** Changes of resources that AWS has carried out. */
  readonly changes: readonly string[];
  /** The details of the events that AWS has put on the bus. */
  readonly events: readonly unknown[];
}

export interface Message {
  readonly body: string;
  readonly receives: number;
  /** When it is delivered, epoch milliseconds. */
  readonly due: number;
}

/** What the function has sent to its own queue; throws for what it has sent to the DLQ. */
export function sentIn(done: readonly Call[]): readonly { readonly body: string; readonly delay: number }[] {
  const letter = done.find(({ name }) => name === 'sqs:SendMessage');
  if (letter !== undefined) throw new Error(`it went to the DLQ: ${letter.body}`);
  return done
    .filter(({ name }) => name === 'sqs:SendMessageBatch')
    .flatMap(({ body }) => list(JSON.parse(body), 'Entries'))
    .map((entry) => ({
      body: text(entry, 'MessageBody') ?? '',
      delay: 1_000 * Number(at(entry, 'DelaySeconds') ?? 0),
    }));
}

/**
 * For how many milliseconds the function has hidden its message last; `undefined` where it has not. moto knows no receipt of
 * a message that it did not deliver, so that the call counts as it was made.
 */
export function hiddenIn(made: readonly Call[]): number | undefined {
  const call = made.findLast(({ name }) => name === 'sqs:ChangeMessageVisibilityBatch');
  const seconds =
    call === undefined ? undefined : at(JSON.parse(call.body), 'Entries', 0, 'VisibilityTimeout');
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}

export function stateOf(invocations: readonly Invocation[]): MessageState {
  const done = invocations.flatMap((invocation) => invocation.done);
  return {
    killed: invocations.filter(({ killed }) => killed).length,
    calls: invocations[0]?.made.map(({ name }) => name) ?? [],
    changes: done.map(({ name }) => name).filter(isChange),
    events: done
      .filter(({ name }) => name === 'events:PutEvents')
      .flatMap(({ body }) => list(JSON.parse(body), 'Entries'))
      .map((entry): unknown => JSON.parse(text(entry, 'Detail') ?? 'null')),
  };
}

/** As EventBridge puts it into the queue. Source: Amazon EventBridge User Guide, "Event structure". */
export function messageOf(before: Recorded | undefined, after: Recorded | undefined): string {
  const transition = after === undefined ? undefined : transitionOf(before, after);
  if (transition === undefined) throw new Error('nothing has changed');
  const { detailType, time, detail } = publishableTransition(transition);
  return JSON.stringify({
    version: '0',
    id: '6f9a2f0e-3b0e-4a7f-9c39-0d6a9a1d6c11',
    'detail-type': detailType,
    source: transitionSource,
    account,
    time: time.toISOString(),
    region,
    resources: [detail.resource.arn],
    detail,
  });
}

/** As Lambda is given it. Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS". */
export function eventOf({ body, receives }: Message): unknown {
  return {
    Records: [
      {
        messageId: 'b7a0a3f2-0c3e-4f57-9d0c-5e7a5f9c0a11',
        receiptHandle: 'handle',
        body,
        attributes: { ApproximateReceiveCount: String(receives) },
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: `arn:aws:sqs:${region}:${account}:${queueName(shared, 'remediate')}`,
        awsRegion: region,
      },
    ],
  };
}
