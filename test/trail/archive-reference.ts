/**
 * The slow reader of a file's content, which the fast one must agree with. It follows the rules at the head of
 * lib/trail/archive/reading.ts in the plainest way: every document goes through JSON.parse. To tell lines,
 * and what came before a breakage, it also splits text character by character; it throws when JSON.parse and
 * that splitting disagree about what is JSON.
 */
import { at, isObject } from '../../lib/core/json.ts';
import { unwrap } from '../../lib/trail/envelope.ts';

export interface ReferenceReading {
  readonly uninteresting: number;
  readonly rejected: number;
  readonly wanted: readonly { readonly value: unknown; readonly line: number }[];
  /** The lines of what was wrong, smallest first. */
  readonly lines: readonly number[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A document's extent, and where the elements of its list are; `elements` is absent where it has no list. */
interface Split extends Span {
  readonly elements: readonly Span[] | undefined;
  /** Whether the list is that under "Records". */
  readonly records: boolean;
  /** Where it broke; `end` is the same place then. */
  readonly broken: boolean;
}

/** @param cut whether the end of the content is known to be missing. */
export function referenceRead(
  content: Buffer,
  isWanted: (eventSource: string, eventName: string) => boolean,
  cut = false,
): ReferenceReading {
  const bytes = content.toString('latin1');
  const found = {
    uninteresting: 0,
    rejected: 0,
    wanted: [] as { value: unknown; line: number }[],
    lines: [] as number[],
  };
  const lineOf = (position: number): number => bytes.slice(0, position).split('\n').length;
  const parse = ({ start, end }: Span): unknown => JSON.parse(content.toString('utf8', start, end));
  const lineEnd = (position: number): number => {
    const end = bytes.indexOf('\n', position);
    return end === -1 ? bytes.length : end;
  };
  const reject = (line: number): void => {
    found.rejected++;
    found.lines.push(line);
  };
  const take = (value: unknown, line: number): void => {
    const record = unwrap(value);
    const eventSource = at(record, 'eventSource');
    const eventName = at(record, 'eventName');
    if (!isObject(record) || typeof eventSource !== 'string' || typeof eventName !== 'string') reject(line);
    else if (eventSource === '' || eventName === '') reject(line);
    else if (isWanted(eventSource, eventName)) found.wanted.push({ value, line });
    else found.uninteresting++;
  };
  const takeItem = (value: unknown, line: number): void => {
    const records = at(value, 'Records');
    if (Array.isArray(records)) for (const record of records) take(record, line);
    else take(value, line);
  };
  const takeElements = ({ elements = [], records }: Split): void => {
    for (const span of elements) (records ? take : takeItem)(parse(span), lineOf(span.start));
  };
  /** @returns the document that broke, if one did. */
  const readDocuments = (from: number, to: number): Split | undefined => {
    for (let start = skipSpace(bytes, from, to); start < to; ) {
      const split = splitDocument(bytes, start, to);
      if (split.broken) {
        mustThrow(() => parse({ start, end: to }));
        takeElements(split);
        return split;
      }
      const document = parse(split);
      if (split.elements !== undefined) takeElements(split);
      else takeItem(document, lineOf(start));
      if (!bytes.slice(start, split.end).includes('\n')) lastSingle = start;
      start = skipSpace(bytes, split.end, to);
    }
    return undefined;
  };

  let lastSingle: number | undefined;
  const broken = readDocuments(bytes.startsWith('\xef\xbb\xbf') ? 3 : 0, bytes.length);
  if (broken === undefined) return { ...found, lines: found.lines.sort((a, b) => a - b) };
  const cutOff = cut && broken.end >= bytes.length;
  const earlier = lastSingle !== undefined && lineOf(lastSingle) < lineOf(broken.start);
  const later = (): boolean =>
    bytes
      .slice(lineEnd(broken.start) + 1)
      .split('\n')
      .some((line) => line.startsWith('{') && isFilledObject(Buffer.from(line, 'latin1').toString()));
  if (earlier || (broken.elements === undefined && later())) {
    let end = lineEnd(broken.start);
    if (!(cutOff && end === bytes.length)) reject(lineOf(broken.start));
    while (end < bytes.length) {
      const start = end + 1;
      end = lineEnd(start);
      const one = readDocuments(start, end);
      if (one !== undefined && !(cut && one.end >= bytes.length)) reject(lineOf(start));
    }
  } else if (!cutOff) {
    found.lines.push(lineOf(broken.end));
  }
  return { ...found, lines: found.lines.sort((a, b) => a - b) };
}

function isFilledObject(text: string): boolean {
  try {
    return Object.keys(JSON.parse(text)).length > 0;
  } catch {
    // Not JSON, so not an object either.
    return false;
  }
}

function mustThrow(parse: () => unknown): void {
  try {
    parse();
  } catch {
    // As it should be.
    return;
  }
  throw new Error('JSON.parse takes what the splitter holds for broken');
}

class Break extends Error {
  readonly position: number;
  constructor(position: number) {
    super('not JSON');
    this.position = position;
  }
}

function skipSpace(bytes: string, from: number, to: number): number {
  let position = from;
  while (position < to && ' \t\r\n'.includes(bytes.charAt(position))) position++;
  return position;
}

function splitDocument(bytes: string, start: number, to: number): Split {
  let list: Span[] | undefined;
  let records = false;
  let doubtful = false;
  const peek = (position: number): string => (position < to ? bytes.charAt(position) : '');
  const space = (position: number): number => skipSpace(bytes, position, to);
  const stop = (position: number): never => {
    throw new Break(Math.min(position, to));
  };
  const string = (from: number): number => {
    for (let p = from; ; p++) {
      const c = peek(p);
      if (c === '"') return p + 1;
      if (c < ' ') stop(p);
      if (c !== '\\') continue;
      p++;
      if (peek(p) === '') stop(p);
      if (peek(p) === 'u') {
        for (let digit = 0; digit < 4; digit++) if (!/^[0-9a-fA-F]$/.test(peek(++p))) stop(p);
      } else if (!'"\\/bfnrt'.includes(peek(p))) {
        stop(p);
      }
    }
  };
  const scalar = (from: number): number => {
    const rest = bytes.slice(from, Math.min(to, from + 400));
    const match = /^(?:null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(rest);
    if (match === null) return stop(from + (/^-?\d*\.?\d*(?:[eE][+-]?)?/.exec(rest)?.[0].length ?? 0));
    // "1." and "1e" are one broken number, not a number and something after it.
    const dangling = /^(?:\.|[eE][+-]?)/.exec(rest.slice(match[0].length))?.[0];
    if (/\d$/.test(match[0]) && dangling !== undefined && !(dangling === '.' && /[.eE]/.test(match[0]))) {
      if (!/[eE]/.test(match[0])) stop(from + match[0].length + dangling.length);
    }
    return from + match[0].length;
  };
  const elements = (from: number, spans: Span[] | undefined): number => {
    let p = space(from + 1);
    if (peek(p) === ']') return p + 1;
    while (true) {
      const end = value(p);
      spans?.push({ start: p, end });
      p = space(end);
      if (peek(p) === ']') return p + 1;
      if (peek(p) !== ',') stop(p);
      p = space(p + 1);
    }
  };
  const object = (from: number, isDocument: boolean): number => {
    let p = space(from + 1);
    if (peek(p) === '}') return p + 1;
    while (true) {
      if (peek(p) !== '"') stop(p);
      const end = string(p + 1);
      const key = bytes.slice(p + 1, end - 1);
      if (isDocument && (key.includes('\\') || (key === 'Records' && list !== undefined))) {
        doubtful = true;
        list = undefined;
        records = false;
      }
      p = space(end);
      if (peek(p) !== ':') stop(p);
      p = space(p + 1);
      if (isDocument && key === 'Records' && !doubtful && peek(p) === '[') {
        list = [];
        records = true;
        p = elements(p, list);
      } else {
        if (isDocument && key === 'Records') doubtful = true;
        p = value(p);
      }
      p = space(p);
      if (peek(p) === '}') return p + 1;
      if (peek(p) !== ',') stop(p);
      p = space(p + 1);
    }
  };
  const value = (from: number): number => {
    const c = peek(from);
    if (c === '"') return string(from + 1);
    if (c === '{') return object(from, false);
    if (c === '[') return elements(from, undefined);
    return scalar(from);
  };
  try {
    let end: number;
    if (peek(start) === '[') {
      list = [];
      end = elements(start, list);
    } else if (peek(start) === '{') {
      end = object(start, true);
    } else {
      end = value(start);
    }
    return { start, end, elements: list, records, broken: false };
  } catch (error) {
    if (!(error instanceof Break)) throw error;
    return { start, end: error.position, elements: list, records, broken: true };
  }
}
