/** A trail of a few events, evaluated by one control: the shortest way to say a history in a test. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Control, Evaluation, Resource, TrailEvent } from '../lib/core/control.ts';
import type { Facts } from '../lib/core/facts.ts';
import { Matcher } from '../lib/pipeline/match.ts';
import { TrailFacts } from '../lib/pipeline/trail-facts.ts';
import { parseRecord } from '../lib/trail/parse.ts';

export interface Evaluated extends Evaluation {
  readonly event: TrailEvent;
  readonly resource: Resource;
}

/** The event in a record or envelope; throws when it is not one, so that a broken sample fails its test. */
export function eventOf(record: unknown): TrailEvent {
  const parsed = parseRecord(record);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.event;
}

/** A sample event from `events/`, as JSON. */
export function sample(control: string, name: string): Record<string, unknown> {
  return JSON.parse(
    readFileSync(path.join(import.meta.dirname, '..', 'events', control, `${name}.json`), 'utf8'),
  );
}

/**
 * Runs records, in the order given, through the trail's facts and one control, as replay does.
 * @param settings what the policy sets for the control; its defaults where left out.
 * @returns every evaluation made, in order.
 */
export async function evaluateTrail(
  control: Control,
  records: readonly unknown[],
  settings: unknown = {},
): Promise<readonly Evaluated[]> {
  const facts = new TrailFacts();
  const matcher = new Matcher([control]);
  const parsedSettings = control.settings.parse(settings);
  const evaluated: Evaluated[] = [];
  for (const record of records) {
    const event = eventOf(record);
    if (event.outcome.kind !== 'success') continue;
    facts.learn(event);
    for (const { resource } of matcher.match(event).triggered) {
      const [gathered = {}] = await facts.gather([{ resource, facts: control.facts }]);
      evaluated.push({ event, resource, ...control.evaluate(resource, gathered as Facts, parsedSettings) });
    }
  }
  return evaluated;
}

/** The resources that the control's deletion events find in a record. */
export function deletedResources(control: Control, record: unknown): readonly Resource[] {
  const event = eventOf(record);
  return new Matcher([control]).match(event).deleted.map(({ resource }) => resource);
}
