/** What a reader of facts is: how one fact follows from AWS's answers, and all calls that it may make. */
import type { FactName, Facts, Resource, ResourceType } from '../../core/control.ts';
import type { Tags } from '../../core/fact-provider.ts';
import {
  type Fact,
  type RelatedFactName,
  type RelatedKey,
  type RelatedValue,
  unknownFact,
} from '../../core/facts.ts';
import type { Lookup, Lookups } from './lookups.ts';

/** The account and Region of a resource, as one reader sees them. */
export interface Aws {
  readonly lookups: Lookups;
  /**
   * Reads the resource itself, or something that exists exactly as long as it: a new resource is waited for; where it
   * is not found, the resource was deleted.
   */
  ask<T>(lookup: Lookup<T>, id: string): Promise<Fact<T>>;
  /**
   * Reads something else that the resource refers to, which must be older than it; that it is not found says nothing
   * about the resource.
   */
  follow<T>(lookup: Lookup<T>, id: string): Promise<Fact<T>>;
  /**
   * Reads another service's fact about something that the resource refers to; that it is not found says nothing about
   * the resource.
   */
  related<Name extends RelatedFactName>(name: Name, key: RelatedKey<Name>): Promise<Fact<RelatedValue<Name>>>;
}

/** The readers of other services' facts. */
export type AskRelated = <Name extends RelatedFactName>(
  name: Name,
  key: RelatedKey<Name>,
  lookups: Lookups,
) => Promise<Fact<RelatedValue<Name>>>;

export interface Reader<Name extends FactName, R extends Resource = Resource> {
  /** All lookups that `read` and `identify` may use; the permissions of a fact are theirs. */
  readonly uses: readonly Lookup<unknown>[];
  /** The other services' facts that `read` uses. */
  readonly asks?: readonly RelatedFactName[];
  read(resource: R, aws: Aws): Promise<Facts[Name]>;
  /**
   * The resource as AWS has it, from the lookups of `read`, so that this needs no further call. Several where its id
   * represents several; the unchanged resource where AWS does not return it.
   */
  identify?(resource: R, aws: Aws): Promise<readonly Resource[]>;
}

export type Readers<Names extends FactName, R extends Resource = Resource> = {
  readonly [Name in Names]: Reader<Name, R>;
};

/** How the tags of a type of resource are read that no fact reader returns. */
export interface TagReader<R extends Resource = Resource> {
  readonly lookup: Lookup<Tags>;
  /** The resource's id in the lookup. */
  idOf(resource: R): string;
}

export type TagReaders<R extends Resource = Resource> = Partial<Readonly<Record<ResourceType, TagReader<R>>>>;

/**
 * @param waits whether the resource should exist, so that lookups wait until it appears.
 * @returns the account and Region as this reader may use it. A lookup that the reader does not declare throws,
 *   because in Lambda it would be denied: the role has only the declared permissions.
 */
export function awsFor(
  reader: Pick<Reader<FactName>, 'uses' | 'asks'>,
  lookups: Lookups,
  waits: boolean,
  askRelated: AskRelated,
): Aws {
  const ask = <T>(lookup: Lookup<T>, id: string, waitsForIt: boolean): Promise<Fact<T>> => {
    if (!reader.uses.includes(lookup)) {
      throw new TypeError(`a reader of facts uses ${lookup.permissions.join(', ')} and does not declare it`);
    }
    return lookups.ask(lookup, id, waitsForIt);
  };
  return {
    lookups,
    ask: async (lookup, id) => deletedWhereNotFound(await ask(lookup, id, waits)),
    follow: (lookup, id) => ask(lookup, id, false),
    related: async (name, key) => {
      if (!(reader.asks ?? []).includes(name)) {
        throw new TypeError(`a reader of facts asks for ${name} and does not declare it`);
      }
      return askRelated(name, key, lookups);
    },
  };
}

function deletedWhereNotFound<T>(fact: Fact<T>): Fact<T> {
  return !fact.known && fact.reason === 'not-found' ? unknownFact('deleted', fact.detail) : fact;
}
