/**
 * What a fact is, and the facts there are. Providers (`facts/aws`, `facts/trail`) fill them; controls read
 * them. A fact is a value with its source, or unknown with a reason: never a default in between.
 */

/** Where a fact was learned. */
export type Source =
  | {
      readonly kind: 'event';
      readonly eventName: string;
      readonly eventId: string | undefined;
      /** ISO 8601, UTC. */
      readonly eventTime: string | undefined;
    }
  | { readonly kind: 'snapshot'; readonly name: string; readonly date: string }
  | { readonly kind: 'api'; readonly call: string; readonly at: string };

/**
 * Why a fact is not known. `not-in-trail`: the events do not tell. The rest come from AWS's answers:
 * `deleted`: AWS does not know the resource itself, not yet or not any more, or it is about to end; `not-found`: AWS
 * does not know something else that the resource refers to; `not-ready`: the resource is still being made or
 * changed, look again later; `absent`: the resource is known, and it has no such thing; `failed`: no answer, for
 * any other cause.
 */
export type UnknownReason =
  | 'not-in-trail'
  | 'not-in-snapshot'
  | 'unreadable'
  | 'denied'
  | 'deleted'
  | 'not-found'
  | 'not-ready'
  | 'absent'
  | 'throttled'
  | 'failed';

export type Known<T> = { readonly known: true; readonly value: T; readonly source: Source };
export type Unknown = { readonly known: false; readonly reason: UnknownReason; readonly detail: string };
export type Fact<T> = Known<T> | Unknown;

/** Every fact by its name, `<service>.<what>`. Each service adds its own by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface Facts {}
export type FactName = keyof Facts & string;

/**
 * What one service tells the others, by name: `key` is what is asked by, `value` what is told. A service never imports
 * another; it asks here. Each service adds its own by declaration merging.
 */
// biome-ignore lint/suspicious/noEmptyInterface: services add to it.
export interface RelatedFacts {}
export type RelatedFactName = keyof RelatedFacts & string;
export type RelatedKey<Name extends RelatedFactName> = RelatedFacts[Name] extends { key: infer Key }
  ? Key
  : never;
export type RelatedValue<Name extends RelatedFactName> = RelatedFacts[Name] extends { value: infer Value }
  ? Value
  : never;

/** A known fact. */
export function known<T>(value: T, source: Source): Known<T> {
  return { known: true, value, source };
}

/** An unknown fact. `detail` is for people: what is missing and, if it helps, where it would be found. */
export function unknownFact(reason: UnknownReason, detail: string): Unknown {
  return { known: false, reason, detail };
}
