import { describe, expect, it } from 'vitest';
import { choices, RowIndex, readRows } from '../../../cli/report/client/rows.ts';
import { pack } from '../../../cli/report/pack.ts';
import { severities } from '../../../lib/core/control.ts';
import { reportInput } from './fixture.ts';

const rows = readRows(pack(reportInput(200)).wire);
const index = new RowIndex(rows);

describe('the rows of the table', () => {
  it('are all shown without search and filter, in the default order', () => {
    expect(index.select('', {}, undefined)).toEqual(rows);
  });

  it('are found by every word of the search, in any case and order', () => {
    const found = index.select('ROOT kms', {}, undefined);
    const expected = rows.filter((row) => {
      const text = Object.values(row).join('\n').toLowerCase();
      return text.includes('root') && text.includes('kms');
    });
    expect(found).toEqual(expected);
    expect(found.length).toBeGreaterThan(0);
  });

  it('match all filters at once', () => {
    const found = index.select('', { status: 'OPEN', region: 'eu-central-1' }, undefined);
    expect(found).toEqual(rows.filter((row) => row.status === 'OPEN' && row.region === 'eu-central-1'));
  });

  it('sort severities by rank, not alphabetically', () => {
    const found = index.select('', {}, { column: 'severity', descending: false });
    const names: readonly string[] = severities;
    const weights = found.map((row) => names.indexOf(row.severity));
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
  });

  it('sort numbers within names by size', () => {
    const some = new RowIndex(
      rows.slice(0, 2).map((row, at) => ({ ...row, resourceId: at === 0 ? 'node-10' : 'node-9' })),
    );
    const found = some.select('', {}, { column: 'resourceId', descending: false });
    expect(found.map((row) => row.resourceId)).toEqual(['node-9', 'node-10']);
  });

  it('are counted for each choice of a filter', () => {
    const sum = choices(rows, 'status').reduce((total, { count }) => total + count, 0);
    expect(sum).toBe(rows.length);
  });
});
