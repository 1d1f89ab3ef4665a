/**
 * Facts from a trail: a service's trail reader learns from its context events in chronological order, and gives its
 * facts as of the last event that it learned.
 */
import type { AccountRegion } from './account-region.ts';
import type { EventNames, EventSource, FactName, Facts, Resource, TrailEvent } from './control.ts';
import type { Fact, RelatedFactName, RelatedKey, RelatedValue, Source } from './facts.ts';

/** The events of one source that a trail reader learns from. */
export type ContextEvents = {
  [S in EventSource]: { readonly eventSource: S; readonly eventNames: readonly EventNames[S][] };
}[EventSource];

interface TrailFactReader<Name extends FactName, R extends Resource> {
  read(resource: R): Facts[Name];
}
/** Each is asked of resources of its own service alone. */
export type TrailFactReaders<Names extends FactName, R extends Resource = Resource> = {
  readonly [N in Names]: TrailFactReader<N, R>['read'];
};

/** The facts that a service provides to others from the events so far. */
export type TrailRelated<Names extends RelatedFactName> = {
  readonly [N in Names]: (accountRegion: AccountRegion, key: RelatedKey<N>) => Fact<RelatedValue<N>>;
};

/** Reads another service's fact from the events so far. */
export type AskTrail = <Name extends RelatedFactName>(
  name: Name,
  accountRegion: AccountRegion,
  key: RelatedKey<Name>,
) => Fact<RelatedValue<Name>>;

/** A part of a trail reader: one subject's facts. */
export type TrailSubject<Names extends FactName, R extends Resource = Resource> = Pick<
  TrailReader<Names, never, R>,
  'learn' | 'read'
>;

export interface TrailReader<
  Names extends FactName = FactName,
  Related extends RelatedFactName = RelatedFactName,
  R extends Resource = Resource,
> {
  /** Takes in one successful event. Must not throw, whatever the event holds. */
  learn(event: TrailEvent): void;
  readonly read: TrailFactReaders<Names, R>;
  readonly related: TrailRelated<Related>;
}

/**
 * An event as the source of a fact.
 * @returns the event's name, id and time (ISO 8601, UTC).
 * @example sourceOf({ ...event, id: 'e1', eventName: 'CreateVolume', time: 0 }) // { kind: 'event', eventName: 'CreateVolume', eventId: 'e1', eventTime: '1970-01-01T00:00:00.000Z' }
 */
export function sourceOf(event: TrailEvent): Source {
  return {
    kind: 'event',
    eventName: event.eventName,
    eventId: event.id,
    eventTime: event.time === undefined ? undefined : new Date(event.time).toISOString(),
  };
}
