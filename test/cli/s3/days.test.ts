import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysOf, foldersOf, foldersOfYear } from '../../../cli/s3/days.ts';

const day = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 86_400_000;

describe('the days of a scope', () => {
  it('begin with the day of --since, in UTC', () => {
    expect(daysOf({ since: Date.parse('2026-10-05T23:59:59Z') })).toEqual({ first: day('2026-10-05') });
  });

  it('end with the day after the last instant, for files that are delivered late', () => {
    expect(daysOf({ until: Date.parse('2026-10-07T00:00:00Z') })).toEqual({ last: day('2026-10-07') });
    expect(daysOf({ until: Date.parse('2026-10-07T00:00:01Z') })).toEqual({ last: day('2026-10-08') });
  });

  it('are open where the scope is open', () => {
    expect(daysOf({})).toEqual({});
  });
});

describe('the folders of days', () => {
  it.each([
    ['one day', '2026-10-05', '2026-10-05', ['2026/10/05/']],
    [
      'days of two months',
      '2026-09-29',
      '2026-10-02',
      ['2026/09/29/', '2026/09/30/', '2026/10/01/', '2026/10/02/'],
    ],
    ['a whole month, and a day', '2026-10-01', '2026-11-01', ['2026/10/', '2026/11/01/']],
    ['a February of 29 days', '2028-02-01', '2028-02-29', ['2028/02/']],
    ['a whole year between days', '2025-12-31', '2027-01-01', ['2025/12/31/', '2026/', '2027/01/01/']],
    ['nothing', '2026-10-05', '2026-10-04', []],
  ])('are the fewest: %s', (_, first, last, folders) => {
    expect(foldersOf(day(first), day(last))).toEqual(folders);
  });

  it('contain each day from the first to the last exactly once, and no other day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 15_000, max: 17_000 }),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 14_900, max: 18_000 }),
        (first, length, other) => {
          const last = first + length;
          const path = `${new Date(other * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '/')}/`;
          const holding = foldersOf(first, last).filter((folder) => path.startsWith(folder));
          expect(holding).toHaveLength(other >= first && other <= last ? 1 : 0);
        },
      ),
    );
  });

  it('of a year are those in scope', () => {
    expect(foldersOfYear(2026, { first: day('2026-12-30') })).toEqual(['2026/12/30/', '2026/12/31/']);
    expect(foldersOfYear(2026, { last: day('2026-01-01') })).toEqual(['2026/01/01/']);
    expect(foldersOfYear(2026, { first: day('2027-01-01') })).toEqual([]);
    expect(foldersOfYear(2026, {})).toEqual(['2026/']);
  });
});
