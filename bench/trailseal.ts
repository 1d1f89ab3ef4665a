/** The part of Trailseal that is measured, and the events that the other programs have to find. */
import { wantedEvents } from '../lib/pipeline/match.ts';
import { replayPaths } from '../lib/pipeline/replay/replay.ts';
import { contextEvents } from '../lib/pipeline/trail-facts.ts';
import { defaultPolicy } from '../lib/policy/file/assemble.ts';
import { controls } from '../lib/services/catalogue.ts';

/** Everything that `trailseal replay` does between its start and its output. */
export async function trailseal(
  folder: string,
  threads: number,
): Promise<{ records: number; matching: number }> {
  const { records, ignored } = await replayPaths([folder], {
    controls,
    policy: defaultPolicy(controls),
    now: new Date('2026-02-01T00:00:00Z'),
    threads,
  });
  return { records, matching: records - ignored['not-relevant'] };
}

/** The events that a control or a fact needs, as pairs. */
export const wantedPairs: readonly { readonly eventSource: string; readonly eventName: string }[] =
  wantedEvents(controls, contextEvents).flatMap(({ eventSource, eventNames }) =>
    eventNames.map((eventName) => ({ eventSource, eventName })),
  );
