/**
 * How an override of the policy may differ from the deployed policy. Every value that a policy holds declares it, in the file
 * that declares the value: controls for their settings, actions for theirs, the policy for its own keys. An override never
 * widens: it can't make a control see less, and it can't let more be done than the deployed policy does.
 */
import { isDeepStrictEqual } from 'node:util';
import { includesPattern } from './pattern.ts';

/** A part of an override's value that is wider than the deployed policy allows. */
export interface Widening {
  /** From the value to the part; empty for the value itself. */
  readonly path: readonly (string | number)[];
  /** What is allowed, after "must": `be at most 2`. */
  readonly must: string;
  /** What the override has, as text. */
  readonly found: string;
}

/** How one value of the policy may differ in an override. */
export interface Narrowing<T> {
  /** What an override may do with the value, after "may": `lower it`. */
  readonly may: string;
  /** The narrowing of each key, where the value has several. */
  readonly parts?: Readonly<Record<string, Narrowing<unknown>>>;
  /** Compares the value in the override with the deployed one. None: the override's is the same, or narrower. */
  widenings(override: T, deployed: T): readonly Widening[];
}

/** A narrowing for every key of a value: a key without one does not compile. */
export type Narrowings<T> = { readonly [K in keyof T]-?: Narrowing<T[K]> };

function show(value: unknown): string {
  if (value instanceof Map) return show(Object.fromEntries(value));
  return JSON.stringify(value) ?? 'nothing';
}

function whole(must: string, override: unknown, shown = show(override)): readonly Widening[] {
  return [{ path: [], must, found: shown }];
}

/**
 * An override has the deployed value: neither direction is safe.
 * @example unchanged().widenings(false, true) // [{ path: [], must: 'be true', found: 'false' }]
 */
export function unchanged<T>(): Narrowing<T> {
  return {
    may: 'not change it',
    widenings: (override, deployed) =>
      isDeepStrictEqual(override, deployed) ? [] : whole(`be ${show(deployed)}`, override),
  };
}

/**
 * An override has the deployed number or a lower one; `null` is no limit.
 * @example lower().widenings(10, 2) // [{ path: [], must: 'be at most 2', found: '10' }]
 */
export function lower<T extends number | null>(text: (value: number) => string = String): Narrowing<T> {
  return {
    may: 'lower it',
    widenings: (override, deployed) =>
      (override ?? Number.POSITIVE_INFINITY) <= (deployed ?? Number.POSITIVE_INFINITY)
        ? []
        : whole(
            `be at most ${deployed === null ? show(deployed) : text(deployed)}`,
            override,
            override === null ? show(override) : text(override),
          ),
  };
}

/**
 * An override has the deployed number or a higher one.
 * @example higher().widenings(0, 300) // [{ path: [], must: 'be at least 300', found: '0' }]
 */
export function higher(text: (value: number) => string = String): Narrowing<number> {
  return {
    may: 'raise it',
    widenings: (override, deployed) =>
      override >= deployed ? [] : whole(`be at least ${text(deployed)}`, override, text(override)),
  };
}

/**
 * An override has the deployed value, or one of these.
 * @example orOneOf('skip').widenings('drain', 'skip') // [{ path: [], must: 'be "skip"', found: '"drain"' }]
 */
export function orOneOf<T extends string | boolean>(...narrowest: readonly T[]): Narrowing<T> {
  return {
    may: `set it to ${narrowest.map((value) => `\`${value}\``).join(' or ')}`,
    widenings: (override, deployed) =>
      override === deployed || narrowest.includes(override)
        ? []
        : whole(`be ${[...new Set([deployed, ...narrowest])].map(show).join(' or ')}`, override),
  };
}

/**
 * An override has the deployed value, or one of those that follow from it.
 * @param narrower by value, all values that are narrower than it.
 * @example narrowerChoice({ both: ['one'], one: [] }).widenings('one', 'both') // []
 */
export function narrowerChoice<T extends string>(narrower: Readonly<Record<T, readonly T[]>>): Narrowing<T> {
  const rules = Object.entries<readonly T[]>(narrower).flatMap(([value, others]) =>
    others.length === 0 ? [] : [`\`${value}\` to ${others.map((each) => `\`${each}\``).join(' or ')}`],
  );
  return {
    may: `change ${rules.join(', ')}`,
    widenings: (override, deployed) =>
      override === deployed || narrower[deployed].includes(override)
        ? []
        : whole(`be ${[deployed, ...narrower[deployed]].map(show).join(' or ')}`, override),
  };
}

/**
 * An override lists some of the deployed entries, or narrower ones.
 * @param covers whether the deployed entries allow all that an entry of the override allows; by default, whether they contain it.
 * @example fewer().widenings(['444455556666'], []) // [{ path: [0], must: 'be left out', found: '"444455556666"' }]
 */
export function fewer<T>(
  covers: (deployed: readonly T[], entry: T) => boolean = (deployed, entry) => deployed.includes(entry),
): Narrowing<readonly T[]> {
  return {
    may: 'remove entries, or narrow them',
    widenings: (override, deployed) =>
      override.flatMap((entry, index) =>
        covers(deployed, entry)
          ? []
          : [
              {
                path: [index],
                must: deployed.length === 0 ? 'be left out' : `be within ${deployed.map(show).join(', ')}`,
                found: show(entry),
              },
            ],
      ),
  };
}

/**
 * An override lists all deployed entries, or more.
 * @example more().widenings(['api'], ['api', 'audit']) // [{ path: [], must: 'contain "audit"', found: '["api"]' }]
 */
export function more<T>(): Narrowing<readonly T[]> {
  return {
    may: 'add entries',
    widenings: (override, deployed) =>
      deployed
        .filter((entry) => !override.includes(entry))
        .map((entry) => ({ path: [], must: `contain ${show(entry)}`, found: show(override) })),
  };
}

type TagPatterns = ReadonlyMap<string, readonly string[]> | Readonly<Record<string, readonly string[]>>;

/**
 * Patterns of values by tag, for resources that are left alone: an override has all deployed patterns, or wider ones.
 * @example moreTags().widenings({ stage: ['p*'] }, { stage: ['prod'] }) // []
 */
export function moreTags<T extends TagPatterns>(): Narrowing<T> {
  return {
    may: 'add tags and patterns',
    widenings(override, deployed) {
      const own = byTag(override);
      return [...byTag(deployed)].flatMap(([tag, patterns]) => {
        const kept = own.get(tag) ?? [];
        return patterns
          .filter((pattern) => !kept.some((wider) => includesPattern(wider, pattern)))
          .map((pattern) => ({
            path: own.has(tag) ? [tag] : [],
            must: `contain ${show(pattern)} for the tag ${show(tag)}`,
            found: show(own.has(tag) ? kept : override),
          }));
      });
    },
  };
}

function byTag(patterns: TagPatterns): ReadonlyMap<string, readonly string[]> {
  return patterns instanceof Map ? patterns : new Map(Object.entries(patterns));
}

/**
 * A value of several keys, each with a narrowing of its own.
 * @example each<{ max: number }>({ max: lower() }).widenings({ max: 3 }, { max: 2 }) // [{ path: ['max'], must: 'be at most 2', … }]
 */
export function each<T extends object>(parts: Narrowings<T>): Narrowing<T> {
  const named: Readonly<Record<string, Narrowing<unknown>>> = parts;
  return {
    may: 'change each key as it says',
    parts: named,
    widenings: (override, deployed) => widenedKeys(named, override, deployed),
  };
}

/**
 * The widenings of all keys. A key that has no narrowing has to be the same.
 * @param parts by key.
 * @example widenedKeys({}, { added: 1 }, {}) // [{ path: ['added'], must: 'be nothing', found: '1' }]
 */
export function widenedKeys(
  parts: Readonly<Record<string, Narrowing<unknown>>>,
  override: object,
  deployed: object,
): readonly Widening[] {
  const keys = new Set([...Object.keys(parts), ...Object.keys(override), ...Object.keys(deployed)]);
  return [...keys].flatMap((key) => {
    const narrowing = Object.hasOwn(parts, key) ? (parts[key] ?? unchanged()) : unchanged();
    return narrowing
      .widenings(Reflect.get(override, key), Reflect.get(deployed, key))
      .map((widening) => ({ ...widening, path: [key, ...widening.path] }));
  });
}
