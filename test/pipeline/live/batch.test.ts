import { describe, expect, it } from 'vitest';
import {
  type Delivery,
  deliveriesInAll,
  takeBatch,
  toDeliverAgain,
} from '../../../lib/pipeline/live/batch.ts';

const delivery = (id: string, receives = 1): Delivery => ({ id, body: `body of ${id}`, receives });

/** All the time that there is. */
const plenty = () => 120_000;

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
    const batch = await takeBatch([delivery('a'), delivery('b')], take, aside().deadLetter, plenty);
    expect(batch).toEqual({ done: [['a', 'b']], failures: [], left: [] });
    expect(taken).toEqual([['a', 'b']]);
  });

  it('is taken piece by piece when it fails, so that the bad one costs no other', async () => {
    const { take } = taker(['b']);
    const batch = await takeBatch(
      [delivery('a'), delivery('b'), delivery('c')],
      take,
      aside().deadLetter,
      plenty,
    );
    expect(batch.done).toEqual([['a'], ['c']]);
    expect(batch.failures.map(({ delivery: { id }, deadLettered }) => ({ id, deadLettered }))).toEqual([
      { id: 'b', deadLettered: false },
    ]);
  });

  it('says why it could not be taken at once', async () => {
    const batch = await takeBatch(
      [delivery('a'), delivery('b')],
      taker(['b']).take,
      aside().deadLetter,
      plenty,
    );
    expect(batch.apart).toEqual(new Error('cannot take a, b'));
  });

  it('keeps the results when the time runs out, and leaves the rest to the queue', async () => {
    const { take, taken } = taker(['b']);
    const times = [60_000, 30_000, 15_000];
    const deliveries = [delivery('a'), delivery('b'), delivery('c'), delivery('d')];
    const batch = await takeBatch(deliveries, take, aside().deadLetter, () => times.shift() ?? 0);
    expect(taken).toEqual([['a', 'b', 'c', 'd'], ['a'], ['b']]);
    expect(toDeliverAgain(batch)).toEqual(['b', 'c', 'd']);
  });

  it('puts aside, with its reason, what failed too often', async () => {
    const { put, deadLetter } = aside();
    const batch = await takeBatch([delivery('a', deliveriesInAll)], taker(['a']).take, deadLetter, plenty);
    expect(put).toEqual([
      {
        body: 'body of a',
        reason: `It failed ${deliveriesInAll} times, the last time with Error: cannot take a`,
      },
    ]);
    expect(batch.failures.map(({ deadLettered }) => deadLettered)).toEqual([true]);
  });

  it('leaves messages to the queue that can’t be sent to the DLQ either', async () => {
    const batch = await takeBatch(
      [delivery('a', deliveriesInAll)],
      taker(['a']).take,
      async () => {
        throw new Error('the queue was deleted');
      },
      plenty,
    );
    expect(batch.failures.map(({ deadLettered }) => deadLettered)).toEqual([false]);
  });

  it('may be empty', async () => {
    expect(await takeBatch([], taker([]).take, aside().deadLetter, plenty)).toEqual({
      done: [],
      failures: [],
      left: [],
    });
  });
});
