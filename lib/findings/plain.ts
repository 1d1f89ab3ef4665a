/** Text and data as Security Hub takes them: no string blank, overlong, broken or of several lines, nothing empty. */
import { cut, escapeInvisible } from '../core/text.ts';

/** The most items kept of a list and members of an object, and the most levels of one inside the other. */
const mostItems = 50;
const mostLevels = 8;

/**
 * `text` in one line of well-formed Unicode, in at most `limit` UTF-16 units: without control characters, and with everything
 * else that shows nothing, or reverses what is beside it, as an escape.
 * Source: Security Hub API model, NonEmptyString: `.*\S.*`, in which the dot matches no line break.
 * @example oneLine('two\nlines', 100) // 'two lines'
 */
export function oneLine(text: string, limit: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  return cut(escapeInvisible(line), limit);
}

/**
 * The pairs of a string map that has limits; pairs with a blank side are left out, and `undefined` is an empty map.
 * @example stringMap([['team', 'payments'], ['blank', '']], { pairs: 50, key: 128, value: 256 }) // { team: 'payments' }
 */
export function stringMap(
  pairs: Iterable<readonly [string, string]>,
  limits: { readonly pairs: number; readonly key: number; readonly value: number },
): Record<string, string> | undefined {
  const map = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (map.size === limits.pairs) break;
    const [name, text] = [oneLine(key, limits.key), oneLine(value, limits.value)];
    if (name !== '' && text !== '' && !map.has(name)) map.set(name, text);
  }
  return map.size === 0 ? undefined : Object.fromEntries(map);
}

/**
 * `value` as plain JSON whose strings are single lines of at most `limit` units: what is blank, empty, null or no
 * JSON is left out, and so is what has no name of a field, lies too deep or too far back in a list.
 * @returns `undefined` when nothing is left.
 * @example plainData({ a: ' x ', b: '', c: [null] }, 100) // { a: 'x' }
 */
export function plainData(value: unknown, limit: number, levels = mostLevels): unknown {
  if (typeof value === 'string') return oneLine(value, limit) || undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || value === null || levels === 0) return undefined;
  if (Array.isArray(value)) {
    const items = value.slice(0, mostItems).map((item) => plainData(item, limit, levels - 1));
    const kept = items.filter((item) => item !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  const kept = Object.entries(value)
    .filter(([key]) => /^[A-Za-z]\w*$/.test(key))
    .slice(0, mostItems)
    .map(([key, member]) => [key, plainData(member, limit, levels - 1)] as const)
    .filter(([, member]) => member !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** As `plainData`, of an object; `undefined` for anything else too. */
export function plainObject(value: unknown, limit: number): Readonly<Record<string, unknown>> | undefined {
  const plain = plainData(value, limit);
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? { ...plain } : undefined;
}
