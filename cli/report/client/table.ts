/**
 * The table of findings: a real `<table>` with only the rows in view (and a few around them), as all rows have the same
 * height. `aria-rowcount` and `aria-rowindex` give screen readers the whole.
 */
import { element } from './dom.ts';
import type { Row, Sort, SortColumn } from './rows.ts';
import { minute, severityBadge, statusBadge, word } from './words.ts';

const around = 8;
/** Most rows that are printed on paper. */
const printable = 1_000;

interface Head {
  readonly column: SortColumn;
  readonly label: string;
}
const heads: readonly Head[] = [
  { column: 'severity', label: 'Severity' },
  { column: 'title', label: 'Finding' },
  { column: 'resourceId', label: 'Resource' },
  { column: 'status', label: 'Status' },
  { column: 'verdict', label: 'Verdict' },
  { column: 'account', label: 'Account' },
  { column: 'region', label: 'Region' },
  { column: 'actorName', label: 'Actor' },
  { column: 'openedAt', label: 'Opened' },
];

/** A finding's link: its id as a fragment. A lone surrogate, which an address cannot contain, is replaced. */
export function fragment(id: string): string {
  return `#${encodeURIComponent(id.toWellFormed())}`;
}

export class FindingsTable {
  readonly root: HTMLElement;
  readonly #table: HTMLTableElement;
  readonly #body = element('tbody');
  readonly #above = spacer();
  readonly #below = spacer();
  readonly #headers = new Map<SortColumn, HTMLTableCellElement>();
  readonly #drawn = new Map<number, HTMLTableRowElement>();
  #rows: readonly Row[] = [];
  #all = false;

  constructor(onSort: (column: SortColumn) => void) {
    const head = element('tr', { 'aria-rowindex': '1' });
    for (const { column, label } of heads) {
      const button = element('button', { type: 'button' }, label);
      button.addEventListener('click', () => onSort(column));
      const cell = element('th', { scope: 'col', class: `col ${column}` }, button);
      this.#headers.set(column, cell);
      head.append(cell);
    }
    this.#table = element(
      'table',
      { class: 'findings' },
      element('caption', { class: 'sr' }, 'Findings; each opens its details'),
      element('thead', {}, head),
      this.#above,
      this.#body,
      this.#below,
    );
    this.root = element(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Table of findings' },
      this.#table,
    );
    this.root.addEventListener('scroll', () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.root);
    this.#body.addEventListener('click', (event) => openRow(event));
    this.#body.addEventListener('keydown', (event) => this.#move(event));
    addEventListener('beforeprint', () => this.#print(true));
    addEventListener('afterprint', () => this.#print(false));
  }

  /** Shows `rows`, from the first. */
  show(rows: readonly Row[], sort: Sort | undefined): void {
    this.#rows = rows;
    for (const [column, cell] of this.#headers) {
      if (sort?.column === column)
        cell.setAttribute('aria-sort', sort.descending ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
    }
    this.#table.setAttribute('aria-rowcount', String(rows.length + 1));
    for (const row of this.#drawn.values()) row.remove();
    this.#drawn.clear();
    this.root.scrollTop = 0;
    this.#draw();
  }

  /** Focuses the link of the finding with this id; `false` where the table does not have it. */
  focus(id: string): boolean {
    const position = this.#rows.findIndex((row) => row.id === id);
    if (position < 0) return false;
    this.#focusRow(position);
    return true;
  }

  /** The finding `steps` rows after the one with this id, as the table stands now. */
  neighbour(id: string, steps: number): string | undefined {
    const position = this.#rows.findIndex((row) => row.id === id);
    return position < 0 ? undefined : this.#rows[position + steps]?.id;
  }

  /** The height of a row, which the style sheet sets for this width. */
  #height(): number {
    return Number.parseFloat(getComputedStyle(this.root).getPropertyValue('--row')) || 40;
  }

  #draw(): void {
    const height = this.#height();
    const head = this.#table.tHead?.offsetHeight ?? 0;
    const first = this.#all ? 0 : Math.max(0, Math.floor(this.root.scrollTop / height) - around);
    const last = this.#all
      ? Math.min(this.#rows.length, printable)
      : Math.min(
          this.#rows.length,
          Math.ceil((this.root.scrollTop + this.root.clientHeight - head) / height) + around,
        );
    for (const [position, row] of this.#drawn) {
      if (position >= first && position < last) continue;
      // Removing a focused row would lose the focus: the table takes it instead.
      if (row.contains(document.activeElement)) this.root.focus({ preventScroll: true });
      row.remove();
      this.#drawn.delete(position);
    }
    let next: Element | null = this.#body.firstElementChild;
    for (let position = first; position < last; position += 1) {
      const drawn = this.#drawn.get(position);
      if (drawn !== undefined) {
        next = drawn.nextElementSibling;
        continue;
      }
      const row = this.#rows[position];
      if (row === undefined) break;
      const made = rowElement(row, position);
      this.#body.insertBefore(made, next);
      this.#drawn.set(position, made);
    }
    this.#above.style.height = `${first * height}px`;
    this.#below.style.height = `${this.#all ? 0 : (this.#rows.length - last) * height}px`;
    this.#above.hidden = first === 0;
    this.#below.hidden = this.#all || last === this.#rows.length;
  }

  #print(on: boolean): void {
    this.#all = on;
    this.#draw();
  }

  #focusRow(position: number): void {
    const height = this.#height();
    const head = this.#table.tHead?.offsetHeight ?? 0;
    const top = position * height;
    const view = this.root.clientHeight - head;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    else if (top + height > this.root.scrollTop + view) this.root.scrollTop = top + height - view;
    this.#draw();
    this.#drawn.get(position)?.querySelector('a')?.focus({ preventScroll: true });
    this.root.scrollIntoView({ block: 'nearest' });
  }

  #move(event: KeyboardEvent): void {
    const row = event.target instanceof Element ? event.target.closest('tr') : null;
    if (row === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const position = Number(row.getAttribute('aria-rowindex')) - 2;
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#height()) - 2);
    const to = new Map([
      ['ArrowDown', position + 1],
      ['ArrowUp', position - 1],
      ['PageDown', position + page],
      ['PageUp', position - page],
      ['Home', 0],
      ['End', this.#rows.length - 1],
    ]).get(event.key);
    if (to === undefined) return;
    event.preventDefault();
    this.#focusRow(Math.min(Math.max(to, 0), this.#rows.length - 1));
  }
}

/** Space for the rows that are not drawn. One cell is enough for any number of columns. */
function spacer(): HTMLTableSectionElement {
  return element('tbody', { class: 'spacer', 'aria-hidden': 'true' }, element('tr', {}, element('td')));
}

/** A click anywhere in a row counts as a click on its link, unless text is being selected. */
function openRow(event: MouseEvent): void {
  if (!(event.target instanceof Element) || event.target.closest('a') !== null) return;
  if (getSelection()?.isCollapsed === false) return;
  event.target.closest('tr')?.querySelector('a')?.click();
}

function rowElement(row: Row, position: number): HTMLTableRowElement {
  const cell = (name: SortColumn, title: string, ...children: (Node | string)[]) =>
    element('td', { class: `col ${name}`, title: title || undefined }, ...children);
  return element(
    'tr',
    { 'aria-rowindex': String(position + 2), class: row.status === 'OPEN' ? undefined : 'closed' },
    cell('severity', '', severityBadge(row.severity)),
    element(
      'th',
      { scope: 'row', class: 'col title', title: row.title },
      element('a', { href: fragment(row.id) }, row.title),
      element('span', { class: 'under', 'aria-hidden': 'true' }, row.resourceId),
    ),
    cell('resourceId', row.resourceArn, element('code', {}, row.resourceId)),
    cell('status', '', statusBadge(row.status)),
    cell(
      'verdict',
      '',
      word(row.verdict),
      row.exemption === 'active' ? element('span', { class: 'tag' }, 'exempt') : '',
    ),
    cell('account', row.account, row.account),
    cell('region', row.region, row.region),
    cell('actorName', row.actorArn, row.actorName),
    cell('openedAt', row.openedAt, minute(row.openedAt) || 'unknown'),
  );
}
