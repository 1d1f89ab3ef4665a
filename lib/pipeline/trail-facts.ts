/** Facts from the trail alone: what the events so far prove. What they don't is unknown, never assumed. */
import type { FactName, Facts, TrailEvent } from '../core/control.ts';
import type { FactProvider, FactRequest } from '../core/fact-provider.ts';
import type { ContextEvents, Readers } from '../core/trail-facts.ts';
import { ec2TrailReader } from '../services/ec2/trail.ts';
import { eksTrailReader } from '../services/eks/trail.ts';
import { kmsTrailReader } from '../services/kms/trail.ts';

const kinds = [ec2TrailReader, eksTrailReader, kmsTrailReader];

/** Every event that some trail reader learns from; the archive's reader keeps these beside the triggers. */
export const contextEvents: readonly ContextEvents[] = kinds.flatMap((kind) => kind.contextEvents);

/** A provider that knows what it has been told by `learn`, and the tables that ship with Trailseal. */
export class TrailFacts implements FactProvider {
  readonly #chronicles = kinds.map((kind) => kind.open());
  readonly #readers: Partial<Readers<FactName>>;

  constructor() {
    this.#readers = Object.assign({}, ...this.#chronicles.map((trailReader) => trailReader.read));
  }

  /** Takes in one successful event; events must come in the order of time. */
  learn(event: TrailEvent): void {
    for (const trailReader of this.#chronicles) trailReader.learn(event);
  }

  async gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]> {
    return requests.map(({ resource, facts }) =>
      Object.fromEntries(facts.map((name) => [name, this.#readers[name]?.(resource)])),
    );
  }
}
