/** Values of a policy file with their positions, whatever format they were read from. */

/** The keys and indexes from the root of a file to a value. */
export type KeyPath = readonly (string | number)[];

/**
 * A path as people write it; empty for the whole file.
 * @example showPath(['exemptions', 0, 'accounts']) // 'exemptions[0].accounts'
 * @example showPath(['controls', 'odd key']) // 'controls["odd key"]'
 */
export function showPath(path: KeyPath): string {
  let shown = '';
  for (const step of path) {
    if (typeof step === 'number') shown += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) shown += shown === '' ? step : `.${step}`;
    else shown += `[${JSON.stringify(step)}]`;
  }
  return shown;
}

/** A value and its position. `offset` is that of its first character. */
export interface Located {
  readonly value: unknown;
  readonly offset: number;
  /** A scalar as it was written: `012345678901` is a number that has lost its zero. */
  readonly source: string | undefined;
  readonly children: ReadonlyMap<string | number, LocatedChild>;
  /** How many values it holds, itself included, with every alias written out. */
  readonly size: number;
}

/** A value in a mapping or in a list. */
export interface LocatedChild {
  /** The position of the key; an entry of a list has none. */
  readonly keyOffset: number | undefined;
  readonly node: Located;
}

/** A value without children. */
export function leaf(value: unknown, offset: number, source: string | undefined): Located {
  return { value, offset, source, children: new Map(), size: 1 };
}

/** The value at a path below `root`, with the offset of the path's last key; `undefined` where there is none. */
export function locate(root: Located, path: KeyPath): LocatedChild | undefined {
  let here: LocatedChild | undefined = { keyOffset: undefined, node: root };
  for (const step of path) here = here?.node.children.get(step);
  return here;
}
