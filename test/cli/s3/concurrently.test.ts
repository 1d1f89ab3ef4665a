import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concurrently } from '../../../cli/s3/concurrently.ts';

/** Works on items of these weights, each for so many turns, and tells what was seen. */
async function flown(items: readonly { weight: number; turns: number }[], width: number, weight: number) {
  const begun: number[] = [];
  const deleted: number[] = [];
  const most = { width: 0, weight: 0 };
  let now = { width: 0, weight: 0 };
  await concurrently(
    items.entries(),
    { width, weight, weightOf: ([, item]) => item.weight },
    async ([folder, item]) => {
      begun.push(folder);
      now = { width: now.width + 1, weight: now.weight + item.weight };
      most.width = Math.max(most.width, now.width);
      // One that is too heavy for the rest is in nobody's way when it is alone.
      if (now.width > 1) most.weight = Math.max(most.weight, now.weight);
      for (let turn = 0; turn < item.turns; turn++) await Promise.resolve();
      now = { width: now.width - 1, weight: now.weight - item.weight };
      deleted.push(folder);
    },
  );
  return { begun, deleted, most };
}

const works = fc.array(fc.record({ weight: fc.nat(150), turns: fc.nat(9) }), { maxLength: 60 });

describe('concurrent work', () => {
  it('begins in the order of the items, each once, and is complete at the end', async () => {
    await fc.assert(
      fc.asyncProperty(works, fc.integer({ min: 1, max: 8 }), async (items, width) => {
        const { begun, deleted } = await flown(items, width, 100);
        expect(begun).toEqual([...items.keys()]);
        expect(deleted.toSorted((a, b) => a - b)).toEqual([...items.keys()]);
      }),
    );
  });

  it('stays within its width, and within its weight unless alone', async () => {
    await fc.assert(
      fc.asyncProperty(works, fc.integer({ min: 1, max: 8 }), async (items, width) => {
        const { most } = await flown(items, width, 100);
        expect(most.width).toBeLessThanOrEqual(width);
        expect(most.weight).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('uses its width and weight', async () => {
    const items = Array.from({ length: 20 }, () => ({ weight: 25, turns: 5 }));
    expect((await flown(items, 16, 100)).most).toEqual({ width: 4, weight: 100 });
    expect((await flown(items, 3, 100)).most).toEqual({ width: 3, weight: 75 });
  });

  it('fails with the first failure, begins nothing after it, and waits for what was begun', async () => {
    const begun: number[] = [];
    let deleted = 0;
    const done = concurrently([0, 1, 2, 3, 4], { width: 2 }, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error('no');
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      deleted += 1;
    });
    await expect(done).rejects.toThrow('no');
    expect({ begun, deleted }).toEqual({ begun: [0, 1], deleted: 1 });
  });
});
