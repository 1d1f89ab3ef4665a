/**
 * Reading plain JSON of unknown shape, one step at a time. Every reader answers `undefined` where the
 * path is absent or of another type, and never follows a prototype: `__proto__` in an event is data.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Whether `value` is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `path` below `value`, own properties only; `undefined` where a step is missing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[step];
  }
  return here;
}

/** The string at `path`; a number is given as its decimal text (CloudTrail writes sizes both ways). */
export function text(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === 'string') return found;
  return typeof found === 'number' ? String(found) : undefined;
}

/** The boolean at `path`; the strings "true" and "false" count, as several AWS services log them. */
export function flag(value: unknown, ...path: readonly (string | number)[]): boolean | undefined {
  const found = at(value, ...path);
  if (typeof found === 'boolean') return found;
  if (typeof found !== 'string') return undefined;
  const lower = found.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

/**
 * The list at `path`, in any of the ways CloudTrail writes one: an array, EC2's `{"items": […]}` or
 * `{"item": […]}`, or a single object standing for a list of one. An empty EC2 set `{}` is `[]`.
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

/** The strings in the list at `path`; a string alone is a list of one, and an empty one an empty list. */
export function texts(value: unknown, ...path: readonly (string | number)[]): readonly string[] {
  const found = at(value, ...path);
  if (typeof found === 'string') return found === '' ? [] : [found];
  return list(found).filter((item) => typeof item === 'string');
}

/**
 * The member of this name, given in PascalCase, in that spelling or in camelCase: not of every call a record has
 * been seen. `null` counts as absent.
 * @example member({ listenerArn: 'arn:…' }, 'ListenerArn') // 'arn:…'
 */
export function member(value: unknown, name: string): unknown {
  return at(value, name) ?? at(value, name.charAt(0).toLowerCase() + name.slice(1)) ?? undefined;
}

/** The member of this name as text, a number as its decimal text; see `member`. */
export function memberText(value: unknown, name: string): string | undefined {
  return text(member(value, name));
}
