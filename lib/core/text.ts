/** Text of others made fit for logs, terminals and messages. */

/**
 * Text of others, such as names of resources, made fit for logs and terminals: all but printable ASCII is escaped.
 * @example printable('a\u001b[2J') // 'a\\u001b[2J'
 */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
