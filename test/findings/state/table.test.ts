import { describe, expect, it } from 'vitest';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { fromItem, toItem } from '../../../lib/findings/state/item.ts';
import {
  isListed,
  isPublicationPending,
  type Recorded,
  repostAfter,
  withPublication,
  withRecords,
} from '../../../lib/findings/state/table.ts';
import { type Observed, observe, start, toRecord, volume } from './observing.ts';

const clock = start + 1_000;

function recorded(all: readonly Observed[], before?: Recorded, now = clock): Recorded {
  const entry = withRecords(
    before,
    all.map((each) => toRecord(observe(each))),
    now,
  );
  if (entry === undefined) throw new Error('observations make an entry');
  return entry;
}

const failed = recorded([{ at: 1, verdict: 'FAIL' }]);
const published = withPublication(failed, failed.updatedAt, clock);

describe('updatedAt', () => {
  it('is when the entry was first written', () => {
    expect(failed.updatedAt).toBe(clock);
  });

  it('grows with a change of the finding', () => {
    expect(recorded([{ at: 2, verdict: 'PASS' }], failed, clock + 50).updatedAt).toBe(clock + 50);
  });

  it('grows though the clock went back', () => {
    expect(recorded([{ at: 2, verdict: 'PASS' }], failed, clock - 50).updatedAt).toBe(clock + 1);
  });

  it('grows beyond what Security Hub has', () => {
    const ahead = withPublication(failed, clock + 70, clock);
    expect(recorded([{ at: 2, verdict: 'PASS' }], ahead, clock + 50).updatedAt).toBe(clock + 71);
  });

  it('grows with a change of the details', () => {
    const before = recorded([{ at: 1, verdict: 'FAIL', details: { Size: 1 } }]);
    expect(
      recorded([{ at: 2, verdict: 'FAIL', key: 'event-1b', details: { Size: 2 } }], before, clock + 50)
        .updatedAt,
    ).toBe(clock + 50);
  });

  it('grows with a change of the tags', () => {
    const resource = volume('vol-0abc', { tags: { team: 'a' } });
    const tagged = recorded([{ at: 2, verdict: 'UNKNOWN', resource }], failed, clock + 50);
    expect(tagged.updatedAt).toBe(clock + 50);
  });

  it('stays when the same is observed again', () => {
    // As a scheduled scan evaluates: without an event that would be one more behind the finding.
    const observations = [1, 2].map((at) => {
      const { cause, result, ...observation } = observe({ at, verdict: 'FAIL' });
      const evidence =
        result.kind === 'evaluated' ? { ...result.evidence, summary: 'It is not encrypted.' } : undefined;
      return toRecord({
        ...observation,
        cause: { ...cause, id: undefined },
        result: result.kind === 'evaluated' && evidence ? { ...result, evidence } : result,
      });
    });
    const first = withRecords(undefined, observations.slice(0, 1), clock);
    expect(withRecords(first, observations.slice(1), clock + 50)).toMatchObject({
      version: 2,
      updatedAt: clock,
    });
  });

  it('grows with any observation of an open finding that has to be published again', () => {
    const late = clock + repostAfter + 1;
    expect(recorded([{ at: 2, verdict: 'UNKNOWN' }], published, late).updatedAt).toBe(late);
  });
});

describe('an observation', () => {
  it('that says nothing new leaves the entry itself', () => {
    expect(recorded([{ at: 1, verdict: 'FAIL' }], failed, clock + 50)).toBe(failed);
  });

  it('leaves the note of the publication', () => {
    expect(recorded([{ at: 2, verdict: 'PASS' }], published, clock + 50).published).toEqual(
      published.published,
    );
  });
});

describe('a publication', () => {
  it.each([
    ['is pending publication of a finding that was never published', failed, true],
    ['is not pending publication once it is noted', published, false],
    ['is pending publication after a change', recorded([{ at: 2, verdict: 'PASS' }], published), true],
    [
      'is pending publication when only an older state was taken',
      withPublication(failed, clock - 1, clock),
      true,
    ],
    ['is not pending publication while there is no finding', recorded([{ at: 1, verdict: 'PASS' }]), false],
  ])('%s', (_what, entry, pending) => {
    expect(isPublicationPending(entry, clock)).toBe(pending);
  });

  it('of an open finding is pending publication again before Security Hub forgets it', () => {
    expect(isPublicationPending(published, clock + repostAfter + 1)).toBe(true);
  });

  it('of a resolved finding is not pending publication again', () => {
    const resolved = recorded([{ at: 2, verdict: 'PASS' }], published);
    const noted = withPublication(resolved, resolved.updatedAt, clock);
    expect(isPublicationPending(noted, clock + repostAfter + 1)).toBe(false);
  });

  it('that is noted as late as another changes nothing', () => {
    expect(withPublication(published, clock, clock + 50)).toBe(published);
  });

  it('that is noted makes a new version, so that nobody writes over it by mistake', () => {
    expect(published.version).toBe(failed.version + 1);
  });
});

describe('something is left to be done', () => {
  const resolved = recorded([{ at: 2, verdict: 'PASS' }], published);
  const archived = recorded([{ at: 2, verdict: 'deleted' }], published);

  it.each([
    ['about an open finding', published, true],
    [
      'about a resolved finding, for its resource may go',
      withPublication(resolved, resolved.updatedAt, clock),
      true,
    ],
    ['about an archived finding that Security Hub does not know to be', archived, true],
    [
      'about an archived finding that it knows to be: not',
      withPublication(archived, archived.updatedAt, clock),
      false,
    ],
    ['about a resource without a finding: not', recorded([{ at: 1, verdict: 'PASS' }]), false],
  ])('%s', (_what, entry, listed) => {
    expect(isListed(entry)).toBe(listed);
  });
});

describe('since when a failure is outstanding', () => {
  const since = (entry: Recorded) => entry.outstandingSince;

  it('is when its opening was recorded, whatever time its event has', () => {
    expect(since(failed)).toBe(clock);
    expect(since(recorded([{ at: 2, verdict: 'FAIL' }], failed, clock + 50))).toBe(clock);
    expect(since(published)).toBe(clock);
  });

  it('is undefined while it does not fail', () => {
    expect(since(recorded([{ at: 1, verdict: 'UNKNOWN' }]))).toBeUndefined();
    expect(since(recorded([{ at: 2, verdict: 'PASS' }], failed))).toBeUndefined();
  });

  it('begins anew when it is opened again, also between two writes', () => {
    const closed = recorded([{ at: 2, verdict: 'PASS' }], failed, clock + 50);
    expect(since(recorded([{ at: 3, verdict: 'FAIL' }], closed, clock + 90))).toBe(clock + 90);
    const both = recorded(
      [
        { at: 2, verdict: 'PASS' },
        { at: 3, verdict: 'FAIL' },
      ],
      failed,
      clock + 70,
    );
    expect(since(both)).toBe(clock + 70);
  });

  it('begins anew when an exemption ends', () => {
    const exempt: Recorded = {
      ...failed,
      finding: failed.finding && {
        ...failed.finding,
        exemption: { state: 'active', from: 'operator', reason: 'r', owner: 'o', expires: '2026-12-01' },
      },
      outstandingSince: undefined,
    };
    expect(since(recorded([{ at: 2, verdict: 'FAIL' }], exempt, clock + 60))).toBe(clock + 60);
  });

  it('comes back from its item; one written before this was recorded has none', () => {
    expect(since(fromItem(toItem(failed, clock)))).toBe(clock);
    const { outstandingSince: _, ...earlier } = failed;
    const read = fromItem(toItem(earlier, clock));
    expect(since(read)).toBeUndefined();
    expect(since(recorded([{ at: 2, verdict: 'FAIL' }], read, clock + 50))).toBeUndefined();
  });
});

describe('an item of the state table', () => {
  it('is not read where it lies under the id of another finding, or holds the finding of another', () => {
    const item = toItem(failed, clock);
    expect(() => fromItem({ ...item, pk: { S: 'trailseal/other' } })).toThrow(StateTableError);
    const other = failed.finding && { ...failed.finding, id: 'trailseal/other' };
    expect(() => fromItem(toItem({ ...failed, finding: other }, clock))).toThrow(StateTableError);
  });
});
