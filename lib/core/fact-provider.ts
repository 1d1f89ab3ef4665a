/** The interfaces behind which facts come, whether from AWS or from the trail. */
import type { FactName, Facts, Resource } from './control.ts';
import type { Fact } from './facts.ts';

export interface FactRequest {
  readonly resource: Resource;
  readonly facts: readonly FactName[];
  /** Whether the resource may well be deleted: then its absence is an answer, not waited out. */
  readonly mayBeDeleted?: boolean;
}

export interface FactProvider {
  /**
   * Reads what is asked, all of it at once so that a provider can batch.
   * @returns the facts, in the order of the requests. What can't be known is an unknown fact, never an error.
   */
  gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]>;
}

/** A resource as it is now. */
export interface CurrentResource {
  /**
   * Its id, ARN, `partOf` and tags as AWS has them; tags that no call tells are left out, whatever the request says
   * of them. Where AWS does not know or tell the resource, it is the one of the request.
   */
  readonly resource: Resource;
  readonly facts: Partial<Facts>;
}

/** A provider that knows the resources themselves, and not only facts about them. */
export interface LiveFactProvider {
  /**
   * Reads what is asked, all of it at once, and what the resources asked for are now.
   * @returns the resources with their facts, one list a request, in the order of the requests. The list holds one
   * resource, the one asked for, but for a name that stands for volumes before they have ids (`i-…:/dev/sdX`): then
   * it holds every EBS volume of the instance by its own id, and the name itself only while there is no volume to
   * be found for it, with facts that say why. Two such names of one instance give the same volumes.
   */
  look(requests: readonly FactRequest[]): Promise<readonly (readonly CurrentResource[])[]>;
}

export type Tags = NonNullable<Resource['tags']>;

/**
 * Reads the tags of resources as they are now, for those of which no look tells them.
 * @returns the tags, in the order of the resources. What can't be known is an unknown fact, never an error.
 */
export type TagsOf = (resources: readonly Resource[]) => Promise<readonly Fact<Tags>[]>;
