/** Facts from AWS itself, as it is now: one gathering reads each thing once, many of them in one call. */

import { Cache, Lookups, type Surroundings } from '../aws/facts/lookups.ts';
import { type AskRelated, awsFor, type Reader, type Readers, type TagReaders } from '../aws/facts/reader.ts';
import { withoutTags } from '../aws/facts/tags.ts';
import type { FactName, Facts, Resource } from '../core/control.ts';
import type {
  CurrentResource,
  FactProvider,
  FactRequest,
  LiveFactProvider,
  Tags,
} from '../core/fact-provider.ts';
import { type Fact, unknownFact } from '../core/facts.ts';
import type { RelatedReaders } from '../core/service.ts';

export interface AwsFactsOptions extends Omit<Surroundings, 'cache'> {
  /** The readers of the facts that will be requested: all of them (`readers.ts`), or those of one service. */
  readonly readers: Partial<Readers<FactName>>;
  /** The tag readers of the types of resources that `tagsOf` will get. */
  readonly tagReaders?: TagReaders;
  /** The readers of the facts that services provide to each other. */
  readonly related?: Partial<RelatedReaders>;
  /** A cache that several providers share; without one, the provider makes its own. */
  readonly cache?: Cache;
}

export class AwsFacts implements FactProvider, LiveFactProvider {
  readonly #readers: Partial<Readers<FactName>>;
  readonly #tagReaders: TagReaders;
  readonly #related: Partial<RelatedReaders>;
  readonly #surroundings: Surroundings;

  constructor({
    readers,
    tagReaders = {},
    clients,
    now,
    wait,
    cache = new Cache(),
    related = {},
  }: AwsFactsOptions) {
    this.#readers = readers;
    this.#tagReaders = tagReaders;
    this.#related = related;
    this.#surroundings = { clients, now, wait, cache };
  }

  /**
   * @returns the facts, in the order of the requests. What AWS denies, does not find or does not answer is an
   * unknown fact that says so. Rejects only for a mistake of our own, such as a fact that has no reader.
   */
  async gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]> {
    const accountRegionOf = this.#accountRegions();
    return Promise.all(requests.map((request) => this.#read(request, accountRegionOf)));
  }

  /** As `LiveFactProvider` has it. Rejects only for a mistake of our own, as above. */
  async readCurrent(requests: readonly FactRequest[]): Promise<readonly (readonly CurrentResource[])[]> {
    const accountRegionOf = this.#accountRegions();
    return Promise.all(
      requests.map(async (request) => {
        const resources = await this.#identify(request, accountRegionOf);
        return Promise.all(
          resources.map(async (resource) => ({
            resource,
            facts: await this.#read({ ...request, resource }, accountRegionOf),
          })),
        );
      }),
    );
  }

  /** As `TagsOf` has it: the tags that no fact reader returns. */
  async tagsOf(resources: readonly Resource[]): Promise<readonly Fact<Tags>[]> {
    const accountRegionOf = this.#accountRegions();
    return Promise.all(
      resources.map(async (resource) => {
        const reader = this.#tagReaders[resource.type];
        if (reader === undefined) return unknownFact('unreadable', 'no call for its facts returns tags');
        return isAccountRegion(resource)
          ? await accountRegionOf(resource).ask(reader.lookup, reader.idOf(resource), false)
          : unknownFact('unreadable', unknownAccountRegion);
      }),
    );
  }

  /** The lookups of one gathering, by account and Region, each made when it is first needed. */
  #accountRegions(): AccountRegionOf {
    const accountRegions = new Map<string, Lookups>();
    return ({ account, region }) => {
      const key = `${account}/${region}`;
      const accountRegion = accountRegions.get(key) ?? new Lookups({ account, region }, this.#surroundings);
      accountRegions.set(key, accountRegion);
      return accountRegion;
    };
  }

  async #read(
    { resource, facts, mayBeDeleted = false }: FactRequest,
    accountRegionOf: AccountRegionOf,
  ): Promise<Partial<Facts>> {
    const read = async (name: FactName) => {
      const reader = this.#reader(name);
      const fact = isAccountRegion(resource)
        ? await reader.read(
            resource,
            awsFor(reader, accountRegionOf(resource), !mayBeDeleted, this.#askRelated),
          )
        : unknownFact('unreadable', unknownAccountRegion);
      return [name, fact] as const;
    };
    return Object.fromEntries(await Promise.all(facts.map(read)));
  }

  async #identify(
    { resource, facts, mayBeDeleted = false }: FactRequest,
    accountRegionOf: AccountRegionOf,
  ): Promise<readonly Resource[]> {
    if (!isAccountRegion(resource)) return [resource];
    const reader = facts.map((name) => this.#reader(name)).find(({ identify }) => identify !== undefined);
    return reader?.identify === undefined
      ? [withoutTags(resource)]
      : reader.identify(resource, awsFor(reader, accountRegionOf(resource), !mayBeDeleted, this.#askRelated));
  }

  readonly #askRelated: AskRelated = async (name, key, lookups) => {
    const reader = this.#related[name];
    if (reader === undefined) throw new TypeError(`nothing answers for ${name} here`);
    const fact = await reader.read(key, awsFor(reader, lookups, false, this.#askRelated));
    // That this does not exist says nothing about the resource that refers to it.
    return !fact.known && fact.reason === 'deleted' ? unknownFact('not-found', fact.detail) : fact;
  };

  #reader(name: FactName): Reader<FactName> {
    const reader = this.#readers[name];
    if (reader === undefined) throw new TypeError(`${name} has no reader among those that were given`);
    return reader;
  }
}

const unknownAccountRegion = 'the account or the Region of the resource is unknown';

type AccountRegionOf = (resource: Resource) => Lookups;

/** Whether account and Region are usable for a call; an event may contain neither, or invalid ones. */
function isAccountRegion({ account, region }: Resource): boolean {
  return /^\d{12}$/.test(account) && /^[a-z]+(-[a-z]+)+-\d+$/.test(region);
}
