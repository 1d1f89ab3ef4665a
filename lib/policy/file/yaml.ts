/**
 * Reads YAML as plain data in which every value has its position, so that an error can name its line.
 * Source: YAML 1.2.2, core schema (dates are text, `yes` is text); merge keys (`<<`) as in YAML 1.1.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { type KeyPath, type Located, type LocatedChild, leaf } from './located.ts';

/** Something that YAML, or Trailseal's narrower use of it, does not allow. */
export interface YamlProblem {
  readonly path: KeyPath;
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface YamlText {
  /** `undefined` when nothing could be read; `problems` says why. */
  readonly root: Located | undefined;
  readonly problems: readonly YamlProblem[];
  /** Line and column, both from 1, of an offset. */
  readonly position: (offset: number) => { readonly line: number; readonly column: number };
}

/** Maximum number of characters. Thousands of exemptions fit; a longer file is no policy. */
const longest = 1_048_576;
/** Maximum number of values with all aliases written out: a file with more is an attack or a mistake. */
const largest = 100_000;

/** Messages by the library's error code, where its own are written for programmers. */
const messages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'the file holds several documents',
  NON_STRING_KEY: 'a list or a mapping cannot be a key',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply to be read',
};
const hints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces; YAML does not allow tabs there',
  MULTIPLE_DOCS: 'keep one document: remove the second "---" and everything after it',
  MISSING_CHAR: 'close the quote, bracket or brace, or add the missing ":"',
  BAD_INDENT: 'align the keys of one mapping, and the dashes of one list, in the same column',
  BAD_SCALAR_START: 'put the value in quotes',
  TAG_RESOLVE_FAILED: 'remove the tag and write the plain value',
  NON_STRING_KEY: 'write a plain name before the ":"',
  RESOURCE_EXHAUSTION: 'a policy has about six levels',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes if it contains ": "',
};

/**
 * Reads one YAML document. Never throws: everything that is wrong is in `problems`, in the order of the file.
 * The data is returned as well when the problems leave its structure certain (a duplicate key).
 * @example readYaml('version: 1').root?.value // { version: 1 }
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
    // Duplicates are found below: the library's own check compares every key with every other.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const problems: YamlProblem[] = [];
  const linesWithProblems = new Set<number>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    // One mistake often causes several errors on its line; the first describes it best.
    const { line } = lines.linePos(pos[0]);
    if (linesWithProblems.has(line)) continue;
    linesWithProblems.add(line);
    problems.push({
      path: [],
      offset: pos[0],
      message: messages[code] ?? lowerFirst(message),
      hint: hints[code],
    });
  }
  if (document.errors.some((error) => error.code !== 'MULTIPLE_DOCS')) return { root: undefined, problems };
  const reader = new NodeReader();
  const root = reader.read(document.contents, [], 0);
  problems.push(...reader.problems);
  if (root.size > largest) {
    problems.push({
      path: [],
      offset: 0,
      message: `the file holds more than ${largest} values with its aliases written out`,
      hint: 'use fewer aliases (*name)',
    });
    return { root: undefined, problems };
  }
  return { root, problems };
}

class NodeReader {
  readonly problems: YamlProblem[] = [];
  /** The last node with each anchor, in the order of the file. */
  readonly #anchors = new Map<string, unknown>();
  /** The nodes that were read: an alias is its anchor's value, never a copy. `undefined` while a node is being read. */
  readonly #done = new Map<unknown, Located | undefined>();

  read(node: unknown, path: KeyPath, offset: number): Located {
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

  #node(node: unknown, path: KeyPath, offset: number): Located {
    if (isMap(node)) return this.#map(node, path, node.range?.[0] ?? offset);
    if (isSeq(node)) {
      const start = node.range?.[0] ?? offset;
      const children = new Map<number, LocatedChild>();
      for (const [index, item] of node.items.entries()) {
        children.set(index, { keyOffset: undefined, node: this.read(item, [...path, index], start) });
      }
      const value = [...children.values()].map((child) => child.node.value);
      return { value, offset: start, source: undefined, children, size: sizeOf(children) };
    }
    if (!isScalar(node)) return leaf(null, offset, undefined);
    // A key without a value has an empty one after its colon; an error points to the key, which people can see.
    const empty = node.value === null && (node.source ?? '') === '';
    return leaf(node.value, empty ? offset : (node.range?.[0] ?? offset), node.source);
  }

  #alias(name: string, path: KeyPath, offset: number): Located {
    const target = this.#anchors.get(name);
    const done = this.#done.get(target);
    if (done !== undefined) return done;
    const message =
      target === undefined ? `the alias *${name} has no anchor before it` : `*${name} contains itself`;
    this.problems.push({ path, offset, message, hint: undefined });
    return leaf(null, offset, undefined);
  }

  #map(map: YAMLMap, path: KeyPath, offset: number): Located {
    const children = new Map<string, LocatedChild>();
    const merged = new Map<string, LocatedChild>();
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
          message: `duplicate key "${name}"`,
          hint: 'keep one of the two',
        });
      } else {
        children.set(name, { keyOffset, node: this.read(value, [...path, name], keyOffset) });
      }
    }
    for (const [name, child] of merged) if (!children.has(name)) children.set(name, child);
    const value = Object.fromEntries([...children].map(([name, child]) => [name, child.node.value]));
    return { value, offset, source: undefined, children, size: sizeOf(children) };
  }

  /** `<<: *anchor` or `<<: [*one, *two]`: the first mapping with a key wins, and the mapping's own keys win over all merged ones. */
  #merge(from: Located, path: KeyPath, offset: number, into: Map<string, LocatedChild>): void {
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

function sizeOf(children: ReadonlyMap<unknown, LocatedChild>): number {
  let size = 1;
  for (const { node } of children.values()) size += node.size;
  return size;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
