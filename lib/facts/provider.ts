/** The one interface behind which facts come, whether from AWS or from the trail. */
import type { FactName, Facts, Resource } from '../control.ts';

export interface FactRequest {
  readonly resource: Resource;
  readonly facts: readonly FactName[];
  /** Whether the resource may well be gone: then its absence is an answer, not waited out. */
  readonly mayBeGone?: boolean;
}

export interface FactProvider {
  /**
   * Reads what is asked, all of it at once so that a provider can batch.
   * @returns the facts, in the order of the requests. What can't be known is an unknown fact, never an error.
   */
  gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]>;
}
