/** Text of others made fit for logs, terminals and messages. */

/**
 * Text of others, such as names of resources, made fit for logs and terminals: all but printable ASCII is escaped.
 * @example printable('a\u001b[2J') // 'a\\u001b[2J'
 */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What shows nothing, or changes how its neighbours show: controls, format characters (bidirectional overrides, zero
 * widths, tags), half surrogates, private and unassigned characters, variation selectors and fillers, line and paragraph
 * separators, and the blank Braille pattern.
 * Source: Unicode Standard, sections 4.5 "General Category" and 5.21 "Ignoring Characters in Processing".
 */
const invisible = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]/gu;

/**
 * Text of others in which every character can be seen: it can neither break a line, nor steer a terminal, nor hide or
 * reverse what is beside it. Terminals, logs, reports, notifications and findings all escape by it.
 * @param shown what stands for such a character; by default `\u{202e}`.
 * @example escapeInvisible('photo\u202egnp.exe') // 'photo\\u{202e}gnp.exe'
 */
export function escapeInvisible(text: string, shown = escapedAsText): string {
  return text.replace(invisible, shown);
}

function escapedAsText(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * `text` in at most `limit` UTF-16 units, ending in an ellipsis where it was cut, never inside a surrogate pair.
 * @example cut('a long sentence', 8) // 'a long …'
 */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\uD800-\uDBFF]$/.test(text.slice(0, limit - 1)) ? limit - 2 : limit - 1;
  return `${text.slice(0, end)}…`;
}
