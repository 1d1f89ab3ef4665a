import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import {
  type Delivery,
  OutOfTime,
  redeliveries,
  takeBatch,
  toDeliverAgain,
} from '../../../lib/pipeline/live/batch.ts';
import { deliveriesInAll, deliveriesOfRefused } from '../../../lib/pipeline/live/redelivery.ts';

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
    const times = [90_000, 60_000, 30_000, 15_000];
    const deliveries = [delivery('a'), delivery('b'), delivery('c'), delivery('d')];
    const batch = await takeBatch(deliveries, take, aside().deadLetter, () => times.shift() ?? 0);
    expect(taken).toEqual([['a', 'b', 'c', 'd'], ['a'], ['b']]);
    expect(toDeliverAgain(batch)).toEqual(['b', 'c', 'd']);
  });

  it('takes alone what failed before, and what failed most often last', async () => {
    const { take, taken } = taker([]);
    const deliveries = [delivery('a', 9), delivery('b'), delivery('c', 2), delivery('d')];
    await takeBatch(deliveries, take, aside().deadLetter, plenty);
    expect(taken).toEqual([['b', 'd'], ['c'], ['a']]);
  });

  it('has what failed delivered again after seconds, later each time', async () => {
    const { take } = taker(['a', 'b', 'c']);
    const deliveries = [delivery('a'), delivery('b', 3), delivery('c', deliveriesInAll - 1)];
    const batch = await takeBatch(deliveries, take, aside().deadLetter, plenty);
    expect(redeliveries(batch).map(({ delivery: { id }, seconds }) => [id, seconds])).toEqual([
      ['a', 5],
      ['b', 30],
      ['c', 900],
    ]);
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

  it('puts aside within minutes what is refused, and would be again', async () => {
    const { put, deadLetter } = aside();
    const refusal = new StateTableError('newer-format', ['a'], 'A newer version wrote it.');
    const refuse = async () => {
      throw refusal;
    };
    const early = await takeBatch([delivery('a', deliveriesOfRefused - 1)], refuse, deadLetter, plenty);
    expect(toDeliverAgain(early)).toEqual(['a']);
    await takeBatch([delivery('a', deliveriesOfRefused)], refuse, deadLetter, plenty);
    expect(put.map(({ reason }) => reason)).toEqual([
      'It failed 5 times, the last time with StateTableError: A newer version wrote it.',
    ]);
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

describe('a delivery that never ends', () => {
  const hangs = async (deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly string[]> => {
    if (!deliveries.some(({ id }) => id === 'b')) return deliveries.map(({ id }) => id);
    signals.push(signal);
    return await new Promise<never>(() => undefined);
  };
  let signals: AbortSignal[] = [];

  beforeEach(() => {
    signals = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** @returns the batch, by a function that has two minutes. */
  async function taken(deliveries: readonly Delivery[]) {
    const end = Date.now() + 120_000;
    const batch = takeBatch(deliveries, hangs, aside().deadLetter, () => end - Date.now());
    await vi.advanceTimersByTimeAsync(120_000);
    return await batch;
  }

  it('is given up, and those behind it come again in seconds where no time is left', async () => {
    const batch = await taken([delivery('a'), delivery('b'), delivery('c'), delivery('d')]);
    expect(batch.apart).toBeInstanceOf(OutOfTime);
    expect(batch.done).toEqual([['a']]);
    expect(batch.failures.map(({ delivery: { id }, error }) => [id, error instanceof OutOfTime])).toEqual([
      ['b', true],
    ]);
    expect(toDeliverAgain(batch)).toEqual(['b', 'c', 'd']);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it('takes no other with it when it comes again', async () => {
    const batch = await taken([delivery('b', 3), delivery('c', 2), delivery('d', 2), delivery('e')]);
    expect(batch.done.flat().toSorted()).toEqual(['c', 'd', 'e']);
    expect(toDeliverAgain(batch)).toEqual(['b']);
  });

  it('is given up before the function ends', async () => {
    const start = Date.now();
    const ended = takeBatch(
      [delivery('b')],
      hangs,
      aside().deadLetter,
      () => start + 60_000 - Date.now(),
    ).then(() => Date.now() - start);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ended).toBeLessThan(60_000);
  });
});
