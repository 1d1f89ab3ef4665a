/** The constants, times and badges as people read them. */
import { element } from './dom.ts';
import { severityOrder, statusOrder } from './rows.ts';

const words: ReadonlyMap<string, string> = new Map([
  ['CRITICAL', 'Critical'],
  ['HIGH', 'High'],
  ['MEDIUM', 'Medium'],
  ['LOW', 'Low'],
  ['INFORMATIONAL', 'Informational'],
  ['OPEN', 'Open'],
  ['RESOLVED', 'Resolved'],
  ['ARCHIVED', 'Archived'],
  ['FAIL', 'Fail'],
  ['UNKNOWN', 'Unknown'],
]);

/** The word for a constant; any other text as it is. */
export function word(constant: string): string {
  return words.get(constant) ?? constant;
}

/** `2026-03-01T10:20:30Z` to the minute, `2026-03-01T10:20Z`; any other text as it is. */
export function minute(time: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(time) ? `${time.slice(0, 16)}Z` : time;
}

const svg = 'http://www.w3.org/2000/svg';

/** The severity as a badge: rising bars, colour and word, each of which is enough alone. */
export function severityBadge(severity: string): HTMLElement {
  const level = severityOrder.length - severityOrder.indexOf(severity);
  const mark = document.createElementNS(svg, 'svg');
  for (const [name, value] of [
    ['class', 'mark'],
    ['width', '15'],
    ['height', '10'],
    ['viewBox', '0 0 15 10'],
    ['aria-hidden', 'true'],
  ] as const) {
    mark.setAttribute(name, value);
  }
  for (let bar = 1; bar <= severityOrder.length; bar += 1) {
    const rect = document.createElementNS(svg, 'rect');
    rect.setAttribute('x', String((bar - 1) * 3));
    rect.setAttribute('y', String(10 - bar * 2));
    rect.setAttribute('width', '2');
    rect.setAttribute('height', String(bar * 2));
    rect.setAttribute('class', bar <= level ? 'on' : 'off');
    mark.append(rect);
  }
  const kind = severityOrder.includes(severity) ? severity.toLowerCase() : 'informational';
  return element('span', { class: `badge sev ${kind}` }, mark, word(severity));
}

/** The status as a word with a mark. */
export function statusBadge(status: string): HTMLElement {
  const kind = statusOrder.includes(status) ? status.toLowerCase() : 'archived';
  return element('span', { class: `status ${kind}` }, word(status));
}
