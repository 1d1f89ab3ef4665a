/**
 * Text from events, for a terminal or a log line. Control characters could move the cursor, recolour the screen or
 * forge a line; bidirectional controls could disguise a name. Both are shown as escapes.
 */
import { escapeInvisible } from '../../lib/core/text.ts';

/** `text` on one line, with everything that a terminal could interpret written as `\u{…}`. */
export function printable(text: string): string {
  return escapeInvisible(text);
}

/** `printable`, cut to `limit` characters with an ellipsis in its end, or in its middle where both ends matter. */
export function shortened(text: string, limit: number, where: 'end' | 'middle' = 'end'): string {
  const shown = [...printable(text)];
  if (shown.length <= limit) return shown.join('');
  const head = where === 'end' ? limit - 1 : Math.ceil((limit - 1) / 2);
  const tail = limit - 1 - head;
  return [...shown.slice(0, head), '…', ...shown.slice(shown.length - tail)].join('');
}

/** A value as JSON that is safe on a terminal: what `printable` escapes is escaped as JSON does it. */
export function printableJson(value: unknown, indent?: number): string {
  // JSON escapes the C0 controls itself; the new lines left are those of the indentation.
  return escapeInvisible(JSON.stringify(value, null, indent), (character) =>
    character === '\n' ? character : escaped(character),
  );
}

/** As JSON escapes: UTF-16 units, two for what lies beyond the first plane. */
function escaped(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${unit}`).join('');
}
