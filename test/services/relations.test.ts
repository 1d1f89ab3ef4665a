import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/core/control.ts';
import type { Facts } from '../../lib/core/facts.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { TrailFacts } from '../../lib/pipeline/trail-facts.ts';
import { controls, relatedResources, resourceTypeOf, resourceTypes } from '../../lib/services/catalogue.ts';
import { eventOf, sample } from '../evaluating.ts';

const events = path.join(import.meta.dirname, '..', '..', 'events');

/** The resources that the sample events trigger evaluations of, with the facts that the events tell. */
async function sampled(): Promise<
  readonly { readonly resource: Resource; readonly facts: Partial<Facts> }[]
> {
  const found: { readonly resource: Resource; readonly facts: Partial<Facts> }[] = [];
  for (const control of controls) {
    for (const file of readdirSync(path.join(events, control.id))) {
      const event = eventOf(sample(control.id, path.basename(file, '.json')));
      const facts = new TrailFacts();
      facts.learn(event);
      for (const { resource } of new Matcher([control]).match(event).triggered) {
        const [gathered = {}] = await facts.gather([{ resource, facts: control.facts }]);
        found.push({ resource, facts: gathered });
      }
    }
  }
  return found;
}

const related = (await sampled()).flatMap(({ resource, facts }) =>
  relatedResources(resource, facts).map((relation) => ({ from: resource.type, ...relation })),
);

const declared = resourceTypes.flatMap((from) =>
  resourceTypeOf(from).relations.map(({ kind, type }) => ({ from, kind, type })),
);

describe.each(declared)('$from, $kind $type', ({ from, kind, type }) => {
  const found = related.filter(
    (relation) => relation.from === from && relation.kind === kind && relation.type === type,
  );

  it('is known from the sample events', () => {
    expect(found.length).toBeGreaterThan(0);
  });

  it('names the resource by the id that its own service gives it', () => {
    const { arn } = resourceTypeOf(type);
    expect(found.filter(({ id }) => arn?.idIn(arn.resource(id)) !== id)).toEqual([]);
  });
});
