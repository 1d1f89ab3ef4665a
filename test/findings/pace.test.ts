import { describe, expect, it } from 'vitest';
import { Pace } from '../../lib/findings/pace.ts';

function paced() {
  const waits: number[] = [];
  let time = 0;
  const pace = new Pace({
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
  return { pace, waits, pass };
}

async function takeTimes(pace: Pace, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) await pace.take();
}

describe('the pace', () => {
  it('lets a burst through at once', async () => {
    const { pace, waits } = paced();
    await takeTimes(pace, 3);
    expect(waits).toEqual([]);
  });

  it('spaces what comes after', async () => {
    const { pace, waits } = paced();
    await takeTimes(pace, 5);
    expect(waits).toEqual([100, 100]);
  });

  it('has those who ask at the same time wait one after the other', async () => {
    const waits: number[] = [];
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
    };
    const pace = new Pace({ perSecond: 10, burst: 1, now: () => new Date(0), wait });
    await Promise.all([pace.take(), pace.take(), pace.take()]);
    expect(waits).toEqual([100, 200]);
  });

  it('saves up no more than a burst', async () => {
    const { pace, waits, pass } = paced();
    pass(3_600_000);
    await takeTimes(pace, 4);
    expect(waits).toEqual([100]);
  });

  it('is not confused by a clock that is set back', async () => {
    const { pace, waits, pass } = paced();
    pass(-3_600_000);
    await takeTimes(pace, 4);
    expect(waits).toEqual([100]);
  });
});
