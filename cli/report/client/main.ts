/** Starts the page: theme, charts, the table with search and filters, the detail panel and its deep links. */
import { drawCharts } from './charts.ts';
import { DetailPanel } from './detail.ts';
import { byId, element } from './dom.ts';
import { readDetail, readWire } from './embedded.ts';
import {
  choices,
  type FilterColumn,
  type Filters,
  filterColumns,
  RowIndex,
  readRows,
  type Sort,
} from './rows.ts';
import { FindingsTable, fragment } from './table.ts';
import { startTheme } from './theme.ts';
import { word } from './words.ts';

const filterWords: Readonly<Record<FilterColumn, string>> = {
  status: 'Status',
  severity: 'Severity',
  control: 'Control',
  account: 'Account',
  region: 'Region',
  verdict: 'Verdict',
};

const wire = readWire();
const rows = readRows(wire);
const index = new RowIndex(rows);

startTheme(() => drawCharts(wire));
const findings = byId('findings-table', HTMLElement);
if (findings !== undefined) startFindings(findings);

function startFindings(root: HTMLElement): void {
  let sort: Sort | undefined;
  const search = element('input', {
    type: 'search',
    id: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Resource, actor, IP address, text of the finding',
  });
  const selects = new Map(filterColumns.map((column) => [column, filterSelect(column)]));
  const clear = element('button', { type: 'button', class: 'quiet' }, 'Clear filters');
  const count = element('p', { id: 'shown', role: 'status' });
  const none = element(
    'p',
    { class: 'empty', hidden: true },
    'No finding matches. Clear the filters to see all findings.',
  );

  const table = new FindingsTable((column) => {
    sort =
      sort?.column === column
        ? { column, descending: !sort.descending }
        : { column, descending: column === 'openedAt' };
    update();
  });
  const panel = new DetailPanel(wire.controls, closed, (id) => {
    history.replaceState(null, '', fragment(id));
    follow();
  });

  function update(): void {
    const filters: Filters = Object.fromEntries(
      [...selects].flatMap(([column, select]) =>
        select.value === '' ? [] : [[column, select.value.slice(1)]],
      ),
    );
    const found = index.select(search.value, filters, sort);
    table.show(found, sort);
    count.textContent =
      found.length === rows.length
        ? `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'finding' : 'findings'}`
        : `${found.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} findings`;
    none.hidden = found.length > 0;
    clear.disabled = search.value === '' && Object.keys(filters).length === 0;
  }

  function reset(): void {
    search.value = '';
    for (const select of selects.values()) select.value = '';
  }

  let shown: string | undefined;

  /** Opens the finding in the address, or closes the panel where there is none. */
  function follow(): void {
    const id = named(location.hash);
    const row = id === undefined ? undefined : rows.find((candidate) => candidate.id.toWellFormed() === id);
    if (row === undefined) {
      if (panel.isOpen) panel.close();
      return;
    }
    shown = row.id;
    readDetail(row.index).then(
      (detail) => {
        if (shown !== row.id) return;
        panel.show(detail, { previous: table.neighbour(row.id, -1), next: table.neighbour(row.id, 1) });
      },
      (error: unknown) => {
        count.textContent = `The finding could not be read: ${String(error)}`;
      },
    );
  }

  function closed(): void {
    const id = shown;
    shown = undefined;
    if (id === undefined) return;
    if (named(location.hash) === id.toWellFormed()) history.replaceState(null, '', '#findings');
    if (!table.focus(id)) search.focus();
  }

  search.addEventListener('input', update);
  for (const select of selects.values()) select.addEventListener('change', update);
  clear.addEventListener('click', () => {
    reset();
    update();
    search.focus();
  });
  // The counts above link to their findings.
  document.addEventListener('click', (event) => {
    const link =
      event.target instanceof Element ? event.target.closest('a[data-filter], a[data-search]') : null;
    if (!(link instanceof HTMLElement)) return;
    reset();
    const column = filterColumns.find((candidate) => candidate === link.dataset['filter']);
    const select = column === undefined ? undefined : selects.get(column);
    if (select !== undefined) select.value = `=${link.dataset['value'] ?? ''}`;
    search.value = link.dataset['search'] ?? '';
    const status = selects.get('status');
    if (status !== undefined && link.closest('#open') !== null) status.value = '=OPEN';
    update();
  });
  addEventListener('hashchange', follow);

  root.append(
    element(
      'form',
      { role: 'search', class: 'filters', 'aria-label': 'Findings' },
      element('label', { class: 'search' }, element('span', {}, 'Search'), search),
      ...[...selects].map(([column, select]) =>
        element('label', {}, element('span', {}, filterWords[column]), select),
      ),
      clear,
    ),
    count,
    table.root,
    none,
  );
  root.querySelector('form')?.addEventListener('submit', (event) => event.preventDefault());
  update();
  follow();
}

/** The finding's id in a fragment; `undefined` where there is none, or it is not well-formed. */
function named(hash: string): string | undefined {
  if (hash.length < 2) return undefined;
  try {
    return decodeURIComponent(hash.slice(1));
  } catch (error) {
    // A stray per cent sign; anything else is an error in our own code.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The filter of one column. Values start with `=`, because "" means all and may be a value too. */
function filterSelect(column: FilterColumn): HTMLSelectElement {
  const select = element('select', { id: `filter-${column}` }, element('option', { value: '' }, 'All'));
  for (const { value, count } of choices(rows, column)) {
    select.append(
      element('option', { value: `=${value}` }, `${word(value) || 'none'} (${count.toLocaleString('en')})`),
    );
  }
  return select;
}
