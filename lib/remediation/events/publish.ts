/** Publishing events on Trailseal's bus: as many in a call as EventBridge takes, the refused ones again. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
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
}

/** EventBridge did not take some of the events. */
export class BusError extends Error {
  override readonly name = 'BusError';
  /** The ids of those that it did not take; it took all others. */
  readonly unsent: readonly string[];

  constructor(unsent: readonly string[], total: number, because: string) {
    super(`${unsent.length} of ${total} events could not be put on the bus: ${because}`);
    this.unsent = unsent;
  }
}

/** Source: Amazon EventBridge API Reference, "PutEvents": at most 10 entries. */
const entriesInCall = 10;
/** Milliseconds before the second try of what was refused, the third, … */
const delays = [100, 400, 1_600];

/**
 * Publishes the events. Rejects with a `BusError` that names those that EventBridge did not take, or with what the SDK
 * throws.
 */
export async function putEvents(
  events: readonly PublishableEvent[],
  { client, bus, wait }: BusOptions,
): Promise<void> {
  const refused: { readonly id: string; readonly because: string }[] = [];
  for (let first = 0; first < events.length; first += entriesInCall) {
    let left = events.slice(first, first + entriesInCall);
    for (let tries = 1; left.length > 0; tries += 1) {
      const answer = await client.send(
        new PutEventsCommand({
          Entries: left.map(({ detailType, time, detail }) => ({
            EventBusName: bus,
            Source: transitionSource,
            DetailType: detailType,
            Detail: JSON.stringify(detail),
            Resources: detail.resource.arn.startsWith('arn:') ? [detail.resource.arn] : [],
            Time: time,
          })),
        }),
      );
      const failures = left.flatMap((event, index) => {
        const { ErrorCode, ErrorMessage } = answer.Entries?.[index] ?? {};
        return ErrorCode === undefined ? [] : [{ event, because: `${ErrorCode}: ${ErrorMessage ?? ''}` }];
      });
      const delay = delays[tries - 1];
      if (delay === undefined) {
        refused.push(...failures.map(({ event, because }) => ({ id: event.detail.id, because })));
        break;
      }
      left = failures.map(({ event }) => event);
      if (left.length > 0) await wait(delay);
    }
  }
  const [firstRefused] = refused;
  if (firstRefused !== undefined) {
    throw new BusError(
      refused.map(({ id }) => id),
      events.length,
      firstRefused.because,
    );
  }
}
