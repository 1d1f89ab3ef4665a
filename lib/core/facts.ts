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
 * Why a fact is not known. `not-in-trail`: no event contains it. The others come from AWS's answers: `deleted`: AWS
 * does not know the resource itself, not yet or not any more, or its deletion is under way; `not-found`: AWS does not
 * know something else that the resource refers to; `not-ready`: AWS is still creating or changing the resource, so
 * re-evaluate it later; `absent`: the resource exists and has no such property; `failed`: no answer, for any other
 * cause.
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
 * The facts that one service provides to others, by name: `key` identifies what the fact is about, `value` is its
 * content. A service never imports another; it uses these. Each service adds its own by declaration merging.
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

/**
 * A known fact.
 * @param source the event, snapshot or API call that proves the value.
 * @example known(true, { kind: 'api', call: 'ec2:DescribeVolumes', at: '2026-01-01T00:00:00.000Z' }).value // true
 */
export function known<T>(value: T, source: Source): Known<T> {
  return { known: true, value, source };
}

/**
 * An unknown fact.
 * @param detail a clause for people: what is missing and, if it helps, where to find it.
 * @example unknownFact('denied', 'kms:DescribeKey is denied') // { known: false, reason: 'denied', detail: 'kms:DescribeKey is denied' }
 */
export function unknownFact(reason: UnknownReason, detail: string): Unknown {
  return { known: false, reason, detail };
}
