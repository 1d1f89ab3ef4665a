/**
 * YAML as plain data in which every value knows where it stands, so that an error can name its line.
 * Source: YAML 1.2.2, core schema (dates are text, `yes` is text); merge keys (`<<`) as in YAML 1.1.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { Path } from './path.ts';

/** A value and where it stands. `offset` is that of its first character. */
export interface Located {
  readonly value: unknown;
  readonly offset: number;
  /** A scalar as it was written: `012345678901` is a number that has lost its zero. */
  readonly source: string | undefined;
  readonly children: ReadonlyMap<string | number, Child>;
  /** How many values it holds, itself included, with every alias written out. */
  readonly size: number;
}
interface Child {
  /** Where the key stands; the entry of a list has none. */
  readonly keyOffset: number | undefined;
  readonly node: Located;
}

/** Something that YAML itself, or our narrower use of it, does not allow. */
export interface YamlProblem {
  readonly path: Path;
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface YamlText {
  /** `undefined` when nothing could be read, for the reasons that `problems` gives. */
  readonly root: Located | undefined;
  readonly problems: readonly YamlProblem[];
  /** Line and column, both from 1, of an offset. */
  readonly position: (offset: number) => { readonly line: number; readonly column: number };
}

/** Characters. Thousands of exemptions fit; what is longer is no policy. */
const longest = 1_048_576;
/** Values after all aliases are written out: a file that grows beyond this is an attack or a mistake. */
const largest = 100_000;

/** Our words, where the library's speak to its programmer. */
const messages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'the file holds several documents',
  NON_STRING_KEY: 'a list or a mapping cannot be a key',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply to be read',
};
const hints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces; YAML does not allow tabs there',
  MULTIPLE_DOCS: 'keep one document: take out the second "---" and what follows it',
  MISSING_CHAR: 'close what was opened (a quote, a bracket or a brace), or add the missing ":"',
  BAD_INDENT: 'align the keys of one mapping, and the dashes of one list, in the same column',
  BAD_SCALAR_START: 'put the value in quotes',
  TAG_RESOLVE_FAILED: 'leave the tag out and write the plain value',
  NON_STRING_KEY: 'write a plain name before the ":"',
  RESOURCE_EXHAUSTION: 'a policy has about six levels',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes if it contains ": "',
};

/**
 * Reads one YAML document. Never throws: whatever is wrong is in `problems`, in the order of the file.
 * Data is read even beside problems that leave its structure certain (a key given twice).
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return line > 0 ? { line, column: col } : { line: 1, column: 1 };
  };
  const nothing = (message: string, hint: string | undefined): YamlText => ({
    root: undefined,
    problems: [{ path: [], offset: 0, message, hint }],
    position,
  });
  if (text.length > longest) {
    return nothing(
      `the file has ${text.length} characters, more than the ${longest} allowed`,
      'is it a policy?',
    );
  }
  try {
    return { ...read(text, lines), position };
  } catch (error) {
    // Parser and reader descend recursively; nesting of many thousand levels overflows the stack.
    if (error instanceof RangeError) {
      return nothing('the file is nested too deeply to be read', 'a policy has about six levels');
    }
    throw error;
  }
}

function read(text: string, lines: LineCounter): Omit<YamlText, 'position'> {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Duplicates are found below: the library's own search compares every key with every other.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const problems: YamlProblem[] = [];
  const troubled = new Set<number>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    // One mistake often reads as several on its line; the first says it best.
    const { line } = lines.linePos(pos[0]);
    if (troubled.has(line)) continue;
    troubled.add(line);
    problems.push({
      path: [],
      offset: pos[0],
      message: messages[code] ?? lowerFirst(message),
      hint: hints[code],
    });
  }
  if (document.errors.some((error) => error.code !== 'MULTIPLE_DOCS')) return { root: undefined, problems };
  const reader = new Reader();
  const root = reader.read(document.contents, [], 0);
  problems.push(...reader.problems);
  if (root.size > largest) {
    problems.push({
      path: [],
      offset: 0,
      message: `the file stands for more than ${largest} values once its aliases are written out`,
      hint: 'use fewer aliases (*name)',
    });
    return { root: undefined, problems };
  }
  return { root, problems };
}

class Reader {
  readonly problems: YamlProblem[] = [];
  /** The last node that bore each anchor, in the order of the file. */
  readonly #anchors = new Map<string, unknown>();
  /** What was read already: an alias is its anchor's value, never a copy. `undefined` while it is being read. */
  readonly #done = new Map<unknown, Located | undefined>();

  read(node: unknown, path: Path, offset: number): Located {
    if (isAlias(node)) return this.#alias(node.source, path, node.range?.[0] ?? offset);
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) {
        this.#anchors.set(node.anchor, node);
        this.#done.set(node, undefined);
      }
      const located = this.#node(node, path, offset);
      if (node.anchor !== undefined) this.#done.set(node, located);
      return located;
    }
    return leaf(null, offset, undefined);
  }

  #node(node: unknown, path: Path, offset: number): Located {
    if (isMap(node)) return this.#map(node, path, node.range?.[0] ?? offset);
    if (isSeq(node)) {
      const start = node.range?.[0] ?? offset;
      const children = new Map<number, Child>();
      for (const [index, item] of node.items.entries()) {
        children.set(index, { keyOffset: undefined, node: this.read(item, [...path, index], start) });
      }
      const value = [...children.values()].map((child) => child.node.value);
      return { value, offset: start, source: undefined, children, size: sizeOf(children) };
    }
    if (!isScalar(node)) return leaf(null, offset, undefined);
    // A key without a value has an empty one after its colon; the key is what a person looks for.
    const empty = node.value === null && (node.source ?? '') === '';
    return leaf(node.value, empty ? offset : (node.range?.[0] ?? offset), node.source);
  }

  #alias(name: string, path: Path, offset: number): Located {
    const target = this.#anchors.get(name);
    const done = this.#done.get(target);
    if (done !== undefined) return done;
    const message =
      target === undefined ? `the alias *${name} names no anchor before it` : `*${name} contains itself`;
    this.problems.push({ path, offset, message, hint: undefined });
    return leaf(null, offset, undefined);
  }

  #map(map: YAMLMap, path: Path, offset: number): Located {
    const children = new Map<string, Child>();
    const merged = new Map<string, Child>();
    for (const { key, value } of map.items) {
      const keyOffset = (isScalar(key) ? key.range?.[0] : undefined) ?? offset;
      const name = isScalar(key) ? String(key.value) : '';
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
        this.#merge(this.read(value, path, keyOffset), path, keyOffset, merged);
      } else if (name === '__proto__') {
        this.problems.push({
          path,
          offset: keyOffset,
          message: '"__proto__" cannot be a key',
          hint: undefined,
        });
      } else if (children.has(name)) {
        this.problems.push({
          path: [...path, name],
          offset: keyOffset,
          message: `the key "${name}" is given twice`,
          hint: 'keep one of them',
        });
      } else {
        children.set(name, { keyOffset, node: this.read(value, [...path, name], keyOffset) });
      }
    }
    for (const [name, child] of merged) if (!children.has(name)) children.set(name, child);
    const value = Object.fromEntries([...children].map(([name, child]) => [name, child.node.value]));
    return { value, offset, source: undefined, children, size: sizeOf(children) };
  }

  /** `<<: *anchor` or `<<: [*one, *two]`: the first to give a key wins, and the mapping's own key beats all. */
  #merge(from: Located, path: Path, offset: number, into: Map<string, Child>): void {
    const sources = Array.isArray(from.value) ? [...from.children.values()].map(({ node }) => node) : [from];
    for (const source of sources) {
      if (typeof source.value !== 'object' || source.value === null || Array.isArray(source.value)) {
        this.problems.push({ path, offset, message: '"<<" merges mappings only', hint: undefined });
        continue;
      }
      for (const [name, child] of source.children) {
        if (!into.has(String(name))) into.set(String(name), child);
      }
    }
  }
}

function leaf(value: unknown, offset: number, source: string | undefined): Located {
  return { value, offset, source, children: new Map(), size: 1 };
}

function sizeOf(children: ReadonlyMap<unknown, Child>): number {
  let size = 1;
  for (const { node } of children.values()) size += node.size;
  return size;
}

/** What stands at `path`, or `undefined`; `keyOffset` is that of the last key of the path. */
export function locate(root: Located, path: Path): Child | undefined {
  let here: Child | undefined = { keyOffset: undefined, node: root };
  for (const step of path) here = here?.node.children.get(step);
  return here;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
