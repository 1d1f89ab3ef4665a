/** Publishing events on Trailseal's bus: as many in a call as EventBridge takes, the refused ones again. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { at } from '../../core/json.ts';
import { type ActionEvent, actionDetailTypes } from './action-event.ts';
import { detailTypeOf, type TransitionEvent, transitionSource } from './transition.ts';

/** An event of Trailseal's own, ready to be published. */
export interface PublishableEvent {
  readonly detailType: string;
  readonly time: Date;
  readonly detail: TransitionEvent | ActionEvent;
}

/** A transition, ready to be published. */
export function publishableTransition(detail: TransitionEvent): PublishableEvent {
  return { detailType: detailTypeOf(detail), time: new Date(detail.sequence), detail };
}

/** An event about an action, ready to be published. */
export function publishableAction(detail: ActionEvent): PublishableEvent {
  return { detailType: actionDetailTypes[detail.outcome], time: new Date(detail.at), detail };
}

export interface BusOptions {
  readonly client: EventBridgeClient;
  /** The bus's name. */
  readonly bus: string;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** No call is begun, or waited for, after it. */
  readonly signal?: AbortSignal;
}

/**
 * Why EventBridge did not take an event. `passing`: the same may be taken later. `event`: what is wrong with the event stays
 * wrong. `bus`: the caller may not publish it there, or EventBridge gives a code that is not known; others may be taken.
 */
export type EventFault = 'passing' | 'event' | 'bus';

export interface UnsentEvent {
  readonly event: PublishableEvent;
  readonly fault: EventFault;
  /** EventBridge's code and message. */
  readonly because: string;
}

/** EventBridge did not take some of the events. */
export class BusError extends Error {
  override readonly name = 'BusError';
  /** Those that it did not take; it took all others. */
  readonly unsent: readonly UnsentEvent[];

  /** @param unsent one at least. */
  constructor(unsent: readonly UnsentEvent[], total: number) {
    super(`${unsent.length} of ${total} events could not be put on the bus: ${unsent[0]?.because}`);
    this.unsent = unsent;
  }
}

/** Source: Amazon EventBridge API Reference, "PutEvents": at most 10 entries. */
const entriesInCall = 10;
/** Milliseconds before the second try of what was refused, the third, … */
const delays = [100, 400, 1_600];

/**
 * Publishes the events. Those that EventBridge refuses for good keep no other from being published.
 * Rejects with a `BusError` that names those that EventBridge did not take, or with what the SDK throws.
 */
export async function putEvents(events: readonly PublishableEvent[], options: BusOptions): Promise<void> {
  const unsent: UnsentEvent[] = [];
  for (let first = 0; first < events.length; first += entriesInCall) {
    unsent.push(...(await putSome(events.slice(first, first + entriesInCall), options)));
  }
  if (unsent.length > 0) throw new BusError(unsent, events.length);
}

/** @returns those that EventBridge does not take. */
async function putSome(
  events: readonly PublishableEvent[],
  options: BusOptions,
): Promise<readonly UnsentEvent[]> {
  const unsent: UnsentEvent[] = [];
  let left = events;
  for (let tries = 1; ; tries += 1) {
    const answers = await call(left, options);
    if (answers instanceof Error) {
      const [only, ...others] = left;
      if (only !== undefined && others.length === 0) {
        return [...unsent, { event: only, fault: 'event', because: `${answers.name}: ${answers.message}` }];
      }
      // EventBridge does not say for which of them.
      for (const event of left) unsent.push(...(await putSome([event], options)));
      return unsent;
    }
    const passing = answers.filter(({ fault }) => fault === 'passing');
    unsent.push(...answers.filter(({ fault }) => fault !== 'passing'));
    if (passing.length === 0) return unsent;
    const delay = delays[tries - 1];
    if (delay === undefined) return [...unsent, ...passing];
    left = passing.map(({ event }) => event);
    await options.wait(delay);
  }
}

/** @returns the events that were refused; or the error, where the call was refused as a whole for what is in it. */
async function call(
  events: readonly PublishableEvent[],
  { client, bus, signal }: BusOptions,
): Promise<readonly UnsentEvent[] | Error> {
  try {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: events.map(({ detailType, time, detail }) => ({
          EventBusName: bus,
          Source: transitionSource,
          DetailType: detailType,
          Detail: JSON.stringify(detail),
          Resources: detail.resource.arn?.startsWith('arn:') === true ? [detail.resource.arn] : [],
          Time: time,
        })),
      }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return events.flatMap((event, index) => {
      const { ErrorCode, ErrorMessage } = Entries[index] ?? {};
      if (ErrorCode === undefined) return [];
      return [{ event, fault: faultOf(ErrorCode), because: `${ErrorCode}: ${ErrorMessage ?? ''}` }];
    });
  } catch (error) {
    if (error instanceof Error && (refusals.has(error.name) || at(error, '$metadata', 'httpStatusCode') === 413)) {
      return error;
    }
    throw error;
  }
}

/** Errors of a call for what is in it, such as one entry that is too large. Source: EventBridge API Reference, "Common Errors". */
const refusals: ReadonlySet<string> = new Set(['ValidationException', 'ValidationError', 'SerializationException']);

/** Source: Amazon EventBridge API Reference, "PutEventsResultEntry": which codes are retryable. */
function faultOf(code: string): EventFault {
  if (/^(MalformedDetail|InvalidArgument|RedactionFailure|ValidationException)$/.test(code)) return 'event';
  return /Internal|Throttl|Unavailable|Timeout/i.test(code) ? 'passing' : 'bus';
}
