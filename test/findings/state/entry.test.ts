import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdicts } from '../../../lib/core/control.ts';
import {
  type Entry,
  knows,
  remembered,
  type StoredObservation,
  withObservation,
} from '../../../lib/findings/state/entry.ts';
import { control, type Observed, observe, start, volume } from './observing.ts';

function entryOf(observations: readonly StoredObservation[], before?: Entry): Entry {
  let entry = before;
  for (const observation of observations) entry = withObservation(entry, control, observation);
  if (entry === undefined) throw new Error('an entry is made of one observation at least');
  return entry;
}

function entryAfter(...all: readonly Observed[]): Entry {
  return entryOf(all.map(observe));
}

const statusAfter = (...all: readonly Observed[]) => entryAfter(...all).finding?.status;
const isoAt = (at: number) => new Date(start + at).toISOString();

const anyObserved: fc.Arbitrary<Observed> = fc.record(
  {
    at: fc.nat(20),
    verdict: fc.constantFrom(...verdicts, 'deleted' as const),
    key: fc.string({ minLength: 1, maxLength: 4 }),
    details: fc.dictionary(fc.string(), fc.integer(), { maxKeys: 2 }),
    resource: fc.constantFrom(
      volume(),
      volume('vol-0abc', { tags: { team: 'a' } }),
      volume('vol-0abc', { tags: {} }),
    ),
  },
  { requiredKeys: ['at', 'verdict', 'key'] },
);

/** Observations, no two of the same key, at most as many as are remembered; and the same ones shuffled, some of them twice. */
const disordered = fc
  .uniqueArray(anyObserved, { minLength: 1, maxLength: remembered, selector: ({ key }) => key })
  .chain((all) => {
    const observations = all.map(observe);
    return fc.tuple(
      fc.constant(observations),
      fc
        .tuple(
          fc.shuffledSubarray(observations, { minLength: observations.length }),
          fc.subarray(observations),
        )
        .chain(([shuffled, twice]) =>
          fc.shuffledSubarray([...shuffled, ...twice], { minLength: shuffled.length + twice.length }),
        ),
    );
  });

describe('an entry', () => {
  it('is the same for every order and duplication of the same observations', () => {
    fc.assert(
      fc.property(disordered, ([inOneOrder, inAnother]) => {
        expect(entryOf(inAnother)).toEqual(entryOf(inOneOrder));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for every order that no observation is late in by more than are remembered', () => {
    const late = fc.array(fc.tuple(anyObserved, fc.nat(remembered - 1)), {
      minLength: remembered,
      maxLength: 60,
    });
    fc.assert(
      fc.property(late, (all) => {
        const inOrder = all.map(([each, delay], index) => ({
          each: observe({ ...each, at: index, key: `event-${index}` }),
          due: index + delay,
        }));
        const lateOnes = inOrder.toSorted((a, b) => a.due - b.due);
        expect(entryOf(lateOnes.map(({ each }) => each))).toEqual(entryOf(inOrder.map(({ each }) => each)));
      }),
    );
  });

  it('is not copied for an observation that changes nothing', () => {
    const entry = entryAfter({ at: 1, verdict: 'FAIL' });
    expect(withObservation(entry, control, observe({ at: 1, verdict: 'FAIL' }))).toBe(entry);
  });

  it('has no finding while nothing was wrong', () => {
    expect(
      entryAfter({ at: 1, verdict: 'PASS' }, { at: 2, verdict: 'NOT_APPLICABLE' }).finding,
    ).toBeUndefined();
  });

  it('has the resource as it was observed last, with its tags', () => {
    const resource = volume('vol-0abc', { tags: { team: 'a' }, partOf: 'arn:aws:ec2:::instance/i-0abc' });
    expect(entryAfter({ at: 2, verdict: 'PASS', resource }, { at: 1, verdict: 'PASS' }).resource).toEqual(
      resource,
    );
  });

  it('has the last details that were observed, though a later observation has none', () => {
    const entry = entryAfter(
      { at: 3, verdict: 'UNKNOWN' },
      { at: 2, verdict: 'FAIL', details: { newer: true } },
      { at: 1, verdict: 'FAIL', details: { newer: false } },
    );
    expect(entry.details).toEqual({ newer: true });
  });

  it('has the details of an observation that is no longer kept, if no later one has any', () => {
    const others = Array.from(
      { length: 2 * remembered },
      (_, at): Observed => ({ at: at + 1, verdict: 'PASS' }),
    );
    expect(entryAfter({ at: 0, verdict: 'PASS', details: { size: 1 } }, ...others).details).toEqual({
      size: 1,
    });
  });
});

describe('a finding', () => {
  it('is opened by a failure', () => {
    expect(statusAfter({ at: 1, verdict: 'FAIL' })).toBe('OPEN');
  });

  it('that a newer PASS closed is not opened by an older FAIL that comes late', () => {
    expect(
      statusAfter({ at: 1, verdict: 'FAIL' }, { at: 3, verdict: 'PASS' }, { at: 2, verdict: 'FAIL' }),
    ).toBe('RESOLVED');
  });

  it('is opened by a failure that is recorded before, and was observed after, a pass', () => {
    expect(statusAfter({ at: 2, verdict: 'FAIL' }, { at: 1, verdict: 'PASS' })).toBe('OPEN');
  });

  it('is archived when its resource was deleted', () => {
    expect(statusAfter({ at: 1, verdict: 'FAIL' }, { at: 2, verdict: 'deleted' })).toBe('ARCHIVED');
  });

  it('is opened again, with its history, when its resource is made again and fails', () => {
    const { finding } = entryAfter(
      { at: 1, verdict: 'FAIL' },
      { at: 2, verdict: 'deleted' },
      { at: 3, verdict: 'FAIL' },
    );
    expect(finding?.history.map(({ status }) => status)).toEqual(['OPEN', 'ARCHIVED', 'OPEN']);
  });

  it('is not resolved by an UNKNOWN', () => {
    expect(statusAfter({ at: 1, verdict: 'FAIL' }, { at: 2, verdict: 'UNKNOWN' })).toBe('OPEN');
  });

  it('that was resolved is not opened by an UNKNOWN', () => {
    expect(
      statusAfter({ at: 1, verdict: 'FAIL' }, { at: 2, verdict: 'PASS' }, { at: 3, verdict: 'UNKNOWN' }),
    ).toBe('RESOLVED');
  });

  it('follows two observations of the same change in the order in which they were made', () => {
    // The evaluation at 1 read the volume as it was, the one at 3 after it was encrypted; they were recorded the other way.
    expect(statusAfter({ at: 3, verdict: 'PASS', key: 'b' }, { at: 1, verdict: 'FAIL', key: 'a' })).toBe(
      'RESOLVED',
    );
  });

  it('keeps the first change of its life and the latest, however long it lives', () => {
    const life = Array.from(
      { length: 200 },
      (_, at): Observed => ({ at, verdict: at % 2 === 0 ? 'FAIL' : 'PASS' }),
    );
    const { finding } = entryAfter(...life);
    expect(finding?.history.map(({ at }) => at)).toEqual(
      [0, ...Array.from({ length: 19 }, (_, index) => 181 + index)].map(isoAt),
    );
  });

  it('keeps the first event behind it and the latest', () => {
    const life = Array.from({ length: 100 }, (_, at): Observed => ({ at, verdict: 'FAIL' }));
    expect(entryAfter(...life).finding?.eventIds).toEqual(
      [0, ...Array.from({ length: 19 }, (_, index) => 81 + index)].map((at) => `event-${at}`),
    );
  });
});

describe('what is older than all that is remembered', () => {
  const many = Array.from({ length: remembered + 1 }, (_, at) => observe({ at: 10 + at, verdict: 'PASS' }));

  it('changes nothing', () => {
    const entry = entryOf(many);
    expect(withObservation(entry, control, observe({ at: 1, verdict: 'FAIL' }))).toBe(entry);
  });

  it('is known', () => {
    expect(knows(entryOf(many), { key: 'another', at: start + 9 })).toBe(true);
  });

  it('keeps what came of it', () => {
    expect(entryOf([observe({ at: 0, verdict: 'FAIL' }), ...many]).finding?.status).toBe('RESOLVED');
  });

  it('is distinguished from what was observed in the same millisecond and comes after it', () => {
    const last = entryOf(many).base?.key ?? '';
    expect(knows(entryOf(many), { key: `${last}~`, at: start + 10 })).toBe(false);
  });
});
