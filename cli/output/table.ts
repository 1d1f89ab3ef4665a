/** What the commands' text has in common: colour, the terminal's width, tables without lines, and wrapped text. */
import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';

export type TextStyle = Parameters<typeof styleText>[0];
/** Colours a text, or leaves it as it is. */
export type Paint = (style: TextStyle, text: string) => string;

export interface TextOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/**
 * The options for stdout: no colour where it is piped or `NO_COLOR` is set; where the width is not known, that of the
 * variable COLUMNS, or 140 columns.
 */
export function stdoutOptions(): TextOptions {
  const colour = process.stdout.hasColors?.() === true && (process.env['NO_COLOR'] ?? '') === '';
  return { colour, width: process.stdout.columns ?? (Number(process.env['COLUMNS']) || 140) };
}

export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** cli-table3's `chars`: columns are separated by spaces alone. */
const chars = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: ' ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};

/** @param numeric how many of the last columns are numbers, aligned to the right. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric = 0,
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index < head.length - numeric ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
    chars,
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/**
 * The text in lines of at most `width` characters, broken between words, and within a word only where it is longer than
 * a line. cli-table3 would cut such a word, and commands and ARNs must be shown whole.
 */
export function wrapped(text: string, width: number): string {
  const lines = text.match(new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S.{0,${width - 1}}`, 'gsu'));
  return (lines ?? []).map((line) => line.trimEnd()).join('\n');
}

/**
 * A table whose last column is broken between words, so that no line is wider than `width`.
 * @example tableWithin(80, ['Control', 'Requirement'], [['kms-key-disabled', 'KMS keys should not be disabled']])
 */
export function tableWithin(
  width: number,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const last = head.length - 1;
  const others = Array.from({ length: last }, (_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  // Each column has a space on both sides.
  const left = width - others.reduce((sum, column) => sum + column + 3, 2);
  const narrow = rows.map((row) =>
    row.map((text, column) => (column === last ? wrapped(text, Math.max(24, left)) : text)),
  );
  return withoutTrailingSpaces(plainTable(head, narrow));
}

/**
 * The same of coloured text: what colours it takes no columns. A word that is longer than a line stays whole.
 * @example wrappedPainted(`${paint('red', 'two words')} and more`, 20)
 */
export function wrappedPainted(text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || widthOf(`${line} ${word}`) > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}

/** The lines without what pads their last column. */
export function withoutTrailingSpaces(text: string): string {
  return text.replace(/ +$/gm, '');
}

/** @returns the columns that the widest line takes, without what colours it. */
export function widthOf(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => [...line].length),
  );
}
