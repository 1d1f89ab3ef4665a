/**
 * Reading plain JSON of unknown shape, one step at a time. Every reader returns `undefined` where the path is absent
 * or of another type, and never follows a prototype: `__proto__` in an event is data.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * Whether `value` is a JSON object (not an array, not null).
 * @example isObject(JSON.parse('[]')) // false
 */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value at `path` below `value`; only own properties count.
 * @returns the value; `undefined` where a step is missing.
 * @example at({ items: [{ keyId: 'a' }] }, 'items', 0, 'keyId') // 'a'
 */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[step];
  }
  return here;
}

/**
 * The string at `path`; a number as its decimal text, because CloudTrail writes sizes both ways.
 * @returns the text; `undefined` for any other value.
 * @example text({ size: 8 }, 'size') // '8'
 */
export function text(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === 'string') return found;
  return typeof found === 'number' ? String(found) : undefined;
}

/**
 * The boolean at `path`; the strings "true" and "false" count, as several AWS services log them.
 * @returns the boolean; `undefined` for any other value.
 * @example flag({ encrypted: 'TRUE' }, 'encrypted') // true
 */
export function flag(value: unknown, ...path: readonly (string | number)[]): boolean | undefined {
  const found = at(value, ...path);
  if (typeof found === 'boolean') return found;
  if (typeof found !== 'string') return undefined;
  const lower = found.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

/**
 * The list at `path`, in any of the forms that CloudTrail writes: an array, EC2's `{"items": […]}` or `{"item":
 * […]}`, or
 * a single object for a list of one. An empty EC2 set `{}` is `[]`.
 * @returns the items; `[]` for any other value.
 * @example list({ volumeSet: { items: [{ volumeId: 'vol-1' }] } }, 'volumeSet') // [{ volumeId: 'vol-1' }]
 */
export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  if (Array.isArray(found)) return found;
  if (!isObject(found)) return [];
  for (const wrapper of ['items', 'item']) {
    const inner = at(found, wrapper);
    if (Array.isArray(inner)) return inner;
    if (isObject(inner)) return [inner];
  }
  return Object.keys(found).length === 0 ? [] : [found];
}

/**
 * The strings in the list at `path`; a single string is a list of one, and an empty string an empty list.
 * @returns the strings; other items are left out.
 * @example texts({ accounts: '111122223333' }, 'accounts') // ['111122223333']
 */
export function texts(value: unknown, ...path: readonly (string | number)[]): readonly string[] {
  const found = at(value, ...path);
  if (typeof found === 'string') return found === '' ? [] : [found];
  return list(found).filter((item) => typeof item === 'string');
}

/**
 * The member of this name, given in PascalCase, in that spelling or in camelCase, because not every call's records
 * are known. `null` counts as absent.
 * @example member({ listenerArn: 'arn:…' }, 'ListenerArn') // 'arn:…'
 */
export function member(value: unknown, name: string): unknown {
  return at(value, name) ?? at(value, name.charAt(0).toLowerCase() + name.slice(1)) ?? undefined;
}

/**
 * The member of this name as text, a number as its decimal text; see `member`.
 * @returns the text; `undefined` for any other value.
 * @example memberText({ snapshotId: 'snap-1' }, 'SnapshotId') // 'snap-1'
 */
export function memberText(value: unknown, name: string): string | undefined {
  return text(member(value, name));
}
