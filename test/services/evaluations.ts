/** What a control says of a trail of a few events, as short as a test can ask. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Control, Verdict } from '../../lib/core/control.ts';
import { deletedResources, type Evaluated, evaluateTrail } from '../evaluating.ts';

/** The verdicts of a trail, in order. */
export async function verdicts(
  control: Control,
  records: readonly unknown[],
  settings: unknown = {},
): Promise<Verdict[]> {
  return (await evaluateTrail(control, records, settings)).map(({ verdict }) => verdict);
}

/** The last evaluation of a trail; fails the test when there is none. */
export async function last(
  control: Control,
  records: readonly unknown[],
  settings: unknown = {},
): Promise<Evaluated> {
  const evaluated = (await evaluateTrail(control, records, settings)).at(-1);
  if (evaluated === undefined) throw new Error('the trail gave no evaluation');
  return evaluated;
}

/** Replaces parts of the events by anything JSON can hold, and expects every evaluation to be whole, and to name its resource. */
export async function survivesMutations(
  control: Control,
  records: readonly Readonly<Record<string, unknown>>[],
  settings: unknown = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          record: fc.nat(records.length - 1),
          steps: fc.array(fc.nat(), { maxLength: 7 }),
          value: fc.jsonValue(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      async (changes) => {
        const changed: unknown[] = structuredClone([...records]);
        for (const { record, steps, value } of changes) replaceAt(changed[record], steps, value);
        // What decides whether it is an event at all stays.
        const whole = changed.map((record, i) => ({
          ...(record as object),
          eventSource: records[i]?.['eventSource'],
          eventName: records[i]?.['eventName'],
        }));
        for (const { evidence, resource } of await evaluateTrail(control, whole, settings)) {
          expect(evidence.summary).toMatch(/\S.*\.$/s);
          expect(evidence.summary).toContain(resource.id);
        }
        for (const record of whole) expect(() => deletedResources(control, record)).not.toThrow();
      },
    ),
    { numRuns: 300 },
  );
}

/** Walks down by the steps (each picks a child) and replaces the last child reached. */
function replaceAt(value: unknown, steps: readonly number[], replacement: unknown): void {
  let here = value;
  for (const [i, step] of steps.entries()) {
    if (typeof here !== 'object' || here === null) return;
    const keys = Object.keys(here);
    const key = keys[step % Math.max(keys.length, 1)];
    if (key === undefined) return;
    const parent = here as Record<string, unknown>;
    if (i === steps.length - 1) parent[key] = replacement;
    else here = parent[key];
  }
}
