/** The table's rows: search, filters and order. No DOM, so that tests run anywhere. */
import { type Column, columns, type Wire } from '../wire.ts';

/** The constants in the order that people expect. */
export const severityOrder: readonly string[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'];
export const statusOrder: readonly string[] = ['OPEN', 'RESOLVED', 'ARCHIVED'];

export type Row = Readonly<Record<Column, string>> & {
  /** Its index in the default order, by which its details are read. */
  readonly index: number;
};

/** The columns with a filter. */
export const filterColumns = ['status', 'severity', 'control', 'account', 'region', 'verdict'] as const;
export type FilterColumn = (typeof filterColumns)[number];
export type Filters = Partial<Readonly<Record<FilterColumn, string>>>;

export const sortColumns = [
  'severity',
  'title',
  'resourceId',
  'status',
  'verdict',
  'account',
  'region',
  'actorName',
  'openedAt',
] as const;
export type SortColumn = (typeof sortColumns)[number];
export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** The rows, from the embedded data. */
export function readRows(wire: Pick<Wire, 'rows' | 'strings'>): readonly Row[] {
  return wire.rows.id.map((_, index) => {
    const entries = columns.map((column) => [column, wire.strings[wire.rows[column][index] ?? -1] ?? '']);
    return { ...Object.fromEntries(entries), index } as Row;
  });
}

export class RowIndex {
  readonly #rows: readonly Row[];
  /** The text of each row in lower case, made at the first search. */
  #texts: readonly string[] | undefined;
  readonly #ranks = new Map<SortColumn, readonly number[]>();

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /** The rows that contain every word of `search` and match every filter, sorted; `undefined` keeps the default order. */
  select(search: string, filters: Filters, sort: Sort | undefined): readonly Row[] {
    const terms = search.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filterColumns.flatMap((column) => {
      const value = filters[column];
      return value === undefined ? [] : [{ column, value }];
    });
    const texts = terms.length > 0 ? this.#searchable() : [];
    const found = this.#rows.filter(
      (row) =>
        wanted.every(({ column, value }) => row[column] === value) &&
        terms.every((term) => texts[row.index]?.includes(term)),
    );
    if (sort === undefined) return found;
    const ranks = this.#rank(sort.column);
    const sign = sort.descending ? -1 : 1;
    return found.sort((a, b) => sign * ((ranks[a.index] ?? 0) - (ranks[b.index] ?? 0)) || a.index - b.index);
  }

  #searchable(): readonly string[] {
    this.#texts ??= this.#rows.map((row) =>
      columns
        .map((column) => row[column])
        .join('\n')
        .toLowerCase(),
    );
    return this.#texts;
  }

  /** Each row's rank by one column. Each distinct text is compared once, not each row. */
  #rank(column: SortColumn): readonly number[] {
    const known = this.#ranks.get(column);
    if (known !== undefined) return known;
    const order = column === 'severity' ? severityOrder : column === 'status' ? statusOrder : undefined;
    const distinct = [...new Set(this.#rows.map((row) => row[column]))];
    const collator = new Intl.Collator('en', { numeric: true });
    const sorted =
      order === undefined
        ? distinct.sort(collator.compare)
        : distinct.sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const rankOf = new Map(sorted.map((text, index) => [text, index]));
    const ranks = this.#rows.map((row) => rankOf.get(row[column]) ?? 0);
    this.#ranks.set(column, ranks);
    return ranks;
  }
}

/** The values of a column and their number of rows, in the order of the filter. */
export function choices(
  rows: readonly Row[],
  column: FilterColumn,
): readonly { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[column], (counts.get(row[column]) ?? 0) + 1);
  const order = column === 'severity' ? severityOrder : column === 'status' ? statusOrder : [];
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value) || (a.value < b.value ? -1 : 1));
}
