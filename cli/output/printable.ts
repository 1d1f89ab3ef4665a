/**
 * Text from events on its way to a terminal or a log line. Control characters could move the cursor, recolour the
 * screen or forge a line; bidirectional controls could show a name other than it is. Both are shown as escapes.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** `text` on one line, with everything that a terminal could act upon written as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** `printable`, cut to `limit` characters with an ellipsis in its end, or in its middle where both ends matter. */
export function shortened(text: string, limit: number, where: 'end' | 'middle' = 'end'): string {
  const shown = printable(text);
  if (shown.length <= limit) return shown;
  if (where === 'end') return `${shown.slice(0, limit - 1)}…`;
  const head = Math.ceil((limit - 1) / 2);
  return `${shown.slice(0, head)}…${shown.slice(shown.length - (limit - 1 - head))}`;
}

/** A value as JSON that is safe on a terminal too: what `printable` escapes is escaped the way JSON does. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
