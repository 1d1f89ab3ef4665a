/** Values without what differs from one resource, and from one moment, to the next. */

/** Ids and times, which another run has otherwise. */
const variable: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b(i|eni|eni-attach|vpc|subnet|sg|vol|snap|tg)-[0-9a-f]{8,17}\b/g, '$1'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<key>'],
  [/("grantId":"|<key>\/|[Gg]rant )[0-9a-f]{8,64}\b/g, '$1<grant>'],
  [/\b[0-9a-f]{16,40}\b/g, '<mark>'],
  [/\bcluster-\d+/g, 'cluster'],
  [/\bcrash-\d+/g, 'crash'],
];

/** The value without them; lists, which AWS gives in any order, in an order of their own. */
export function canonical(value: unknown): unknown {
  let text = JSON.stringify(value ?? null);
  for (const [pattern, name] of variable) text = text.replace(pattern, name);
  return JSON.parse(text, (_key, each: unknown) =>
    Array.isArray(each)
      ? each.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : each,
  );
}
