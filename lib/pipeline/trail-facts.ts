/** Facts from the trail alone: what the events so far prove. Anything else is unknown, never assumed. */
import type { FactName, Facts, TrailEvent } from '../core/control.ts';
import type { FactProvider, FactRequest } from '../core/fact-provider.ts';
import type { RelatedFactName } from '../core/facts.ts';
import type { Service } from '../core/service.ts';
import type { AskTrail, ContextEvents, TrailFactReaders, TrailRelated } from '../core/trail-facts.ts';
import { services } from '../services/catalogue.ts';
import { withModelName } from './match.ts';

/** Every event that some service learns from; the reader of archives keeps these in addition to the triggers. */
export const contextEvents: readonly ContextEvents[] = services.flatMap(({ trail }) => trail.contextEvents);

/**
 * A provider that knows the events passed to `learn`, and the tables that ship with Trailseal.
 * @example
 *   const facts = new TrailFacts();
 *   facts.learn(event);
 *   const [known] = await facts.gather([{ resource, facts: ['kms.keyState'] }]);
 */
export class TrailFacts implements FactProvider {
  readonly #readers;
  readonly #read: Partial<TrailFactReaders<FactName>>;

  /** @param of the services whose events it learns from; all services where left out. */
  constructor(of: readonly Pick<Service, 'trail'>[] = services) {
    const related: Partial<TrailRelated<RelatedFactName>> = {};
    const ask: AskTrail = (name, accountRegion, key) => {
      const answer = related[name];
      if (answer === undefined) throw new TypeError(`no service answers for ${name}`);
      return answer(accountRegion, key);
    };
    this.#readers = of.map(({ trail }) => trail.open(ask));
    Object.assign(related, ...this.#readers.map((reader) => reader.related));
    this.#read = Object.assign({}, ...this.#readers.map((reader) => reader.read));
  }

  /** Takes in one successful event; events must come in the order of time. */
  learn(event: TrailEvent): void {
    const named = withModelName(event);
    for (const reader of this.#readers) reader.learn(named);
  }

  async gather(requests: readonly FactRequest[]): Promise<readonly Partial<Facts>[]> {
    return requests.map(({ resource, facts }) =>
      Object.fromEntries(facts.map((name) => [name, this.#read[name]?.(resource)])),
    );
  }
}
