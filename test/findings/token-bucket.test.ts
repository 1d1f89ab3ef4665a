import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../lib/findings/publisher.ts';

function paced() {
  const waits: number[] = [];
  let time = 0;
  const bucket = new TokenBucket({
    perSecond: 10,
    burst: 3,
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
  });
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { bucket, waits, pass };
}

async function takeTimes(bucket: TokenBucket, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) await bucket.take();
}

describe('the calls of a token bucket', () => {
  it('lets a burst through at once', async () => {
    const { bucket, waits } = paced();
    await takeTimes(bucket, 3);
    expect(waits).toEqual([]);
  });

  it('spaces what comes after', async () => {
    const { bucket, waits } = paced();
    await takeTimes(bucket, 5);
    expect(waits).toEqual([100, 100]);
  });

  it('has those who ask at the same time wait one after the other', async () => {
    const waits: number[] = [];
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
    };
    const bucket = new TokenBucket({ perSecond: 10, burst: 1, now: () => new Date(0), wait });
    await Promise.all([bucket.take(), bucket.take(), bucket.take()]);
    expect(waits).toEqual([100, 200]);
  });

  it('saves up no more than a burst', async () => {
    const { bucket, waits, pass } = paced();
    pass(3_600_000);
    await takeTimes(bucket, 4);
    expect(waits).toEqual([100]);
  });

  it('is not confused by a clock that is set back', async () => {
    const { bucket, waits, pass } = paced();
    pass(-3_600_000);
    await takeTimes(bucket, 4);
    expect(waits).toEqual([100]);
  });
});
