/** The interfaces of what provides facts, from AWS or from the trail. */
import type { FactName, Facts, Resource } from './control.ts';
import type { Fact } from './facts.ts';

export interface FactRequest {
  readonly resource: Resource;
  readonly facts: readonly FactName[];
  /**
   * Whether the resource may be deleted: then its absence is an answer, and the provider does not wait for it to
   * appear.
   */
  readonly mayBeDeleted?: boolean;
}

export interface FactProvider {
  /**
   * Reads the requested facts, all in one call so that a provider can batch.
   * @returns the facts, in the order of the requests. A fact that can't be read is an unknown fact, never an error.
   */
  gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]>;
}

/** A resource as it is now. */
export interface CurrentResource {
  /**
   * Its id, ARN, `partOf` and tags as AWS has them; tags that no call returns are left out, even where the request
   * has them. Where AWS does not return the resource, it is the one of the request.
   */
  readonly resource: Resource;
  readonly facts: Partial<Facts>;
}

/** A provider that knows the resources themselves, and not only facts about them. */
export interface LiveFactProvider {
  /**
   * Reads the requested facts, all in one call, and the resources themselves as they are now.
   * @returns the resources with their facts, one list a request, in the order of the requests. The list contains one
   *   resource, the requested one, except for a name that represents volumes before they have ids (`i-…:/dev/sdX`):
   *   then it contains every EBS volume of the instance by its own id, and the name itself only while AWS returns no
   *   volume for it, with facts that say why. Two such names of one instance give the same volumes.
   */
  readCurrent(requests: readonly FactRequest[]): Promise<readonly (readonly CurrentResource[])[]>;
}

/** The tags of a resource, by name. */
export type Tags = NonNullable<Resource['tags']>;

/**
 * Reads the current tags of resources whose fact readers do not return tags.
 * @returns the tags, in the order of the resources. Tags that can't be read are an unknown fact, never an error.
 */
export type TagsOf = (resources: readonly Resource[]) => Promise<readonly Fact<Tags>[]>;
