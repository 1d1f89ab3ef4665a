import { describe, expect, it } from 'vitest';
import { type Delivery, deliveriesInAll, takeBatch } from '../../lib/live/batch.ts';

const delivery = (id: string, receives = 1): Delivery => ({ id, body: `body of ${id}`, receives });

/** Takes everything but what holds a poisoned delivery. */
function taker(poisoned: readonly string[]) {
  const taken: string[][] = [];
  return {
    taken,
    async take(deliveries: readonly Delivery[]): Promise<readonly string[]> {
      const ids = deliveries.map(({ id }) => id);
      taken.push(ids);
      if (ids.some((id) => poisoned.includes(id))) throw new Error(`cannot take ${ids.join(', ')}`);
      return ids;
    },
  };
}

function aside() {
  const put: { body: string; reason: string }[] = [];
  return { put, deadLetter: async (body: string, reason: string) => void put.push({ body, reason }) };
}

describe('a batch of deliveries', () => {
  it('is taken at once', async () => {
    const { take, taken } = taker([]);
    const batch = await takeBatch([delivery('a'), delivery('b')], take, aside().deadLetter);
    expect(batch).toEqual({ done: [['a', 'b']], failures: [] });
    expect(taken).toEqual([['a', 'b']]);
  });

  it('is taken piece by piece when it fails, so that the bad one costs no other', async () => {
    const { take } = taker(['b']);
    const batch = await takeBatch([delivery('a'), delivery('b'), delivery('c')], take, aside().deadLetter);
    expect(batch.done).toEqual([['a'], ['c']]);
    expect(batch.failures.map(({ delivery: { id }, deadLettered }) => ({ id, deadLettered }))).toEqual([
      { id: 'b', deadLettered: false },
    ]);
  });

  it('puts aside, with its reason, what failed too often', async () => {
    const { put, deadLetter } = aside();
    const batch = await takeBatch([delivery('a', deliveriesInAll)], taker(['a']).take, deadLetter);
    expect(put).toEqual([
      {
        body: 'body of a',
        reason: `It failed ${deliveriesInAll} times, the last time with Error: cannot take a`,
      },
    ]);
    expect(batch.failures.map(({ deadLettered }) => deadLettered)).toEqual([true]);
  });

  it('leaves to the queue what can’t be put aside either', async () => {
    const batch = await takeBatch([delivery('a', deliveriesInAll)], taker(['a']).take, async () => {
      throw new Error('the queue is gone');
    });
    expect(batch.failures.map(({ deadLettered }) => deadLettered)).toEqual([false]);
  });

  it('may be empty', async () => {
    expect(await takeBatch([], taker([]).take, aside().deadLetter)).toEqual({ done: [], failures: [] });
  });
});
