/**
 * What a trail reader is: it learns from every event of its interest, in the order of time, and answers for its
 * facts as of the last event it learned. There is one a service, beside this file.
 */
import type { EventNames, EventSource, FactName, Facts, Resource, TrailEvent } from './control.ts';
import type { Source } from './facts.ts';

/** The events of one source that a trail reader learns from. */
export type ContextEvents = {
  [S in EventSource]: { readonly eventSource: S; readonly eventNames: readonly EventNames[S][] };
}[EventSource];

export type Readers<Names extends FactName> = { readonly [N in Names]: (resource: Resource) => Facts[N] };

export interface TrailReader<Names extends FactName> {
  /** Takes in one successful event. Must not throw, whatever the event holds. */
  learn(event: TrailEvent): void;
  readonly read: Readers<Names>;
}

/** The event as a fact's source. */
export function sourceOf(event: TrailEvent): Source {
  return {
    kind: 'event',
    eventName: event.eventName,
    eventId: event.id,
    eventTime: event.time === undefined ? undefined : new Date(event.time).toISOString(),
  };
}
