import { describe, expect, it } from 'vitest';
import { duration, openBy, timeline, timeToFix, topActors } from '../../../cli/report/figures.ts';
import type { Finding, Status, StatusChange } from '../../../lib/findings/finding.ts';
import { reportInput } from './fixture.ts';

const [model] = reportInput(1).findings;
if (model === undefined) throw new Error('the fixture made no finding');
const base: Finding = model;

/** A finding whose history is these changes, and whose status is the last one's. */
function finding(
  changes: readonly (readonly [Status, string | null])[],
  over: Partial<Finding> = {},
): Finding {
  const history = changes.map(
    ([status, at]): StatusChange => ({
      status,
      verdict: 'FAIL',
      at,
      eventName: 'CreateVolume',
      eventId: null,
      actor: base.actor,
      summary: 'so',
    }),
  );
  const [last] = changes.slice(-1);
  const status = last?.[0] ?? 'OPEN';
  return {
    ...base,
    status,
    openedAt: changes[0]?.[1] ?? null,
    closedAt: status === 'OPEN' ? null : (last?.[1] ?? null),
    history,
    exemption: null,
    verdict: 'FAIL',
    ...over,
  };
}

describe('openBy', () => {
  it('counts only open findings, the largest group first', () => {
    const groups = openBy(
      [
        finding([['OPEN', null]], { region: 'eu-west-1' }),
        finding([['OPEN', null]], { region: 'us-east-1' }),
        finding([['OPEN', null]], { region: 'us-east-1', verdict: 'UNKNOWN' }),
        finding(
          [
            ['OPEN', null],
            ['RESOLVED', null],
          ],
          { region: 'eu-west-1' },
        ),
      ],
      ({ region }) => region,
    );
    expect(groups.map(({ name, open, unknown }) => [name, open, unknown])).toEqual([
      ['us-east-1', 2, 1],
      ['eu-west-1', 1, 0],
    ]);
  });

  it('takes names of prototype members as names', () => {
    const groups = openBy([finding([['OPEN', null]], { account: '__proto__' })], ({ account }) => account);
    expect(groups.map(({ name }) => name)).toEqual(['__proto__']);
  });
});

describe('timeline', () => {
  it('counts opened, closed and open findings by day, including days without any', () => {
    const { step, buckets } = timeline([
      finding([
        ['OPEN', '2026-03-01T10:00:00Z'],
        ['RESOLVED', '2026-03-03T10:00:00Z'],
      ]),
      finding([['OPEN', '2026-03-01T23:59:59Z']]),
    ]);
    expect(step).toBe('day');
    expect(buckets).toEqual([
      { from: '2026-03-01', opened: 2, closed: 0, open: 2 },
      { from: '2026-03-02', opened: 0, closed: 0, open: 2 },
      { from: '2026-03-03', opened: 0, closed: 1, open: 1 },
    ]);
  });

  it('counts a reopening, but not a second failure while open', () => {
    const { buckets } = timeline([
      finding([
        ['OPEN', '2026-03-01T01:00:00Z'],
        ['OPEN', '2026-03-01T02:00:00Z'],
        ['RESOLVED', '2026-03-01T03:00:00Z'],
        ['OPEN', '2026-03-01T04:00:00Z'],
      ]),
    ]);
    expect(buckets).toEqual([{ from: '2026-03-01', opened: 2, closed: 1, open: 1 }]);
  });

  it('counts changes without a time', () => {
    expect(timeline([finding([['OPEN', null]])])).toEqual({ step: 'day', buckets: [], untimed: 1 });
  });

  it.each([
    ['week', '2026-08-01T00:00:00Z'],
    ['month', '2029-01-01T00:00:00Z'],
    ['year', '2040-01-01T00:00:00Z'],
  ])('counts by %s depending on the span', (step, end) => {
    const line = timeline([
      finding([
        ['OPEN', '2026-03-01T00:00:00Z'],
        ['RESOLVED', end],
      ]),
    ]);
    expect(line.step).toBe(step);
  });

  it('stays small when a clock was wrong', () => {
    const line = timeline([
      finding([
        ['OPEN', '0001-01-01T00:00:00Z'],
        ['RESOLVED', '9999-12-31T00:00:00Z'],
      ]),
    ]);
    expect(line.buckets.length).toBe(2);
  });
});

describe('timeToFix', () => {
  const fixed = (hours: number, over: Partial<Finding> = {}): Finding =>
    finding(
      [
        ['OPEN', '2026-03-01T00:00:00Z'],
        ['RESOLVED', new Date(Date.UTC(2026, 2, 1, hours)).toISOString()],
      ],
      over,
    );

  it('takes the median between the middle two', () => {
    expect(timeToFix([fixed(1), fixed(2), fixed(4), fixed(100)]).all?.median).toBe(3 * 3_600_000);
  });

  it('counts each fix in one span', () => {
    const { distribution } = timeToFix([fixed(0), fixed(1), fixed(4), fixed(24), fixed(2000)]);
    expect(distribution.map(({ count }) => count)).toEqual([1, 1, 1, 1, 0, 0, 1]);
  });

  it('counts a fix before the resource was deleted', () => {
    const later = finding([
      ['OPEN', '2026-03-01T00:00:00Z'],
      ['RESOLVED', '2026-03-01T05:00:00Z'],
      ['ARCHIVED', '2026-03-09T00:00:00Z'],
    ]);
    expect(timeToFix([{ ...later, closedAt: '2026-03-01T05:00:00Z' }]).all?.median).toBe(5 * 3_600_000);
  });

  it('leaves out deletions, findings without a time, and those closed before they opened', () => {
    const deleted = finding([
      ['OPEN', '2026-03-01T00:00:00Z'],
      ['ARCHIVED', '2026-03-02T00:00:00Z'],
    ]);
    const untimed = finding([
      ['OPEN', null],
      ['RESOLVED', '2026-03-02T00:00:00Z'],
    ]);
    const backwards = finding([
      ['OPEN', '2026-03-02T00:00:00Z'],
      ['RESOLVED', '2026-03-01T00:00:00Z'],
    ]);
    expect(timeToFix([deleted, untimed, backwards]).all).toBeNull();
  });
});

describe('topActors', () => {
  it('ranks by open findings, then by all', () => {
    const by = (arn: string, status: Status): Finding =>
      finding([['OPEN', null], ...(status === 'OPEN' ? [] : [[status, null] as const])], {
        actor: { ...base.actor, arn },
      });
    const rows = topActors([by('often', 'RESOLVED'), by('often', 'RESOLVED'), by('now', 'OPEN')]);
    expect(rows.map(({ arn, open, opened }) => [arn, open, opened])).toEqual([
      ['now', 1, 1],
      ['often', 0, 2],
    ]);
  });
});

describe('duration', () => {
  it.each([
    [30_000, 'under 1 min'],
    [40 * 60_000, '40 min'],
    [5.5 * 3_600_000, '5.5 h'],
    [12 * 86_400_000, '12 days'],
  ])('says %d ms as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});
