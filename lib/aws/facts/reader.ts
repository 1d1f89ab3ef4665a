/** What a reader of facts is: how one fact follows from what AWS is asked, and all that it may ask. */
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
   * Asks for the resource itself, or for what comes and goes with it: if it was just made, it is waited for; where
   * it is not found, the resource was deleted.
   */
  ask<T>(lookup: Lookup<T>, id: string): Promise<Fact<T>>;
  /**
   * Asks for something else that the resource refers to, which must have been there before it; where it is not
   * found, that says nothing of the resource.
   */
  follow<T>(lookup: Lookup<T>, id: string): Promise<Fact<T>>;
  /** Asks another service about something that the resource refers to; where that is not found, it says nothing of the resource. */
  related<Name extends RelatedFactName>(name: Name, key: RelatedKey<Name>): Promise<Fact<RelatedValue<Name>>>;
}

/** What answers for other services. */
export type AskRelated = <Name extends RelatedFactName>(
  name: Name,
  key: RelatedKey<Name>,
  lookups: Lookups,
) => Promise<Fact<RelatedValue<Name>>>;

export interface Reader<Name extends FactName> {
  /** All lookups that `read` and `identify` may use; the permissions of a fact are theirs. */
  readonly uses: readonly Lookup<unknown>[];
  /** What `read` asks other services. */
  readonly asks?: readonly RelatedFactName[];
  read(resource: Resource, aws: Aws): Promise<Facts[Name]>;
  /**
   * The resource as AWS knows it, as far as the lookups tell: they are those of `read`, so that this costs no call
   * more. Several where its id stands for several; the resource as it was given where AWS does not answer for it.
   */
  identify?(resource: Resource, aws: Aws): Promise<readonly Resource[]>;
}

export type Readers<Names extends FactName> = { readonly [Name in Names]: Reader<Name> };

/** How tags are read of a kind of resource that the facts about it do not tell. */
export interface TagReader {
  readonly lookup: Lookup<Tags>;
  /** What the lookup knows the resource by. */
  idOf(resource: Resource): string;
}

export type TagReaders = Partial<Readonly<Record<ResourceType, TagReader>>>;

/**
 * @param waits whether the resource should be there, so that its absence is waited out.
 * @returns the place as this reader may use it. Asking what the reader does not declare throws: in Lambda it
 * would be denied, because the role holds what is declared.
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
