// @ts-nocheck: this is AssemblyScript, compiled to WebAssembly by `node scripts/scanner.ts`.
/**
 * A JSON parser that builds nothing. It walks over a file's bytes, accepts exactly what JSON.parse accepts
 * (all of it is checked, also inside of records that nobody wants), finds where each record starts and ends,
 * reads the two names at its depth 1 that decide whether it is wanted, counts the records that are not, and
 * reports the others to its host, which parses them. Strings, most of an archive, go by 16 bytes at a time.
 *
 * What this scanner cannot judge by looking at bytes it reports, and JSON.parse judges it: keys or names
 * written with escapes, names that are no strings, elements that are no objects, envelopes.
 * `lib/trail/archive/reading.ts` says in prose, `test/trail/archive-reference.ts` in code, what must come out.
 *
 * Memory: see layout.as.ts. The host puts a zero byte behind what is to be scanned. That is no JSON, so that no
 * loop needs to look for the end: it stops there.
 */

/** An element needs a full look: it lies from `start` to `end`. `kind` is one of the three below. */
declare function report(start: usize, end: usize, line: u32, kind: u32): void;
/** A list of records begins; what is reported from here on may be undone. */
declare function open(documentStart: usize): void;
/** What was reported since `open` is void: the document will be reported as a whole. */
declare function undo(): void;
/** The bytes are not JSON from `position` on; the host throws. `what` is an index into its list of reasons. */
declare function fail(position: usize, what: u32): void;
/** Brings what follows the window that is scanned, and moves what is left of it; gives where `position` is then. */
declare function advance(position: usize): usize;

/** A document by itself; an element of an array; an element of "Records". */
const DOCUMENT: u32 = 0;
const ITEM: u32 = 1;
const RECORD: u32 = 2;

const VALUE: u32 = 0;
const STRING: u32 = 1;
const ESCAPE: u32 = 2;
const NUMBER: u32 = 3;
const LITERAL: u32 = 4;
const KEY: u32 = 5;
const COLON: u32 = 6;
const OBJECT: u32 = 7;
const ARRAY: u32 = 8;
const DEPTH: u32 = 9;

export { inflate, inflatedFrom, inflatedTo, resume } from './inflate.as';
/** The wanted table may take one pair for another; that costs a JSON.parse, nothing else. */
export { INPUT } from './layout.as';

import { MAX_DEPTH, STACK, WANTED } from './layout.as';

/** Lines are counted from 1; a line ends with \n. JSON allows one in white space only. */
export let line: u32 = 1;
/** Whole records that are certainly not wanted. */
export let uninteresting: u32 = 0;
/** Where the current document starts. */
export let documentStart: usize = 0;
export let documentLine: u32 = 0;
/** The line of the last document that began and ended on one line; 0 when there was none. */
export let lastSingleLine: u32 = 0;

/** The end of what is scanned; `advance` sets it anew. */
export let scanEnd: usize = 0;
/** No element is begun behind it before the window was advanced. */
export let windowEnd: usize = usize.MAX_VALUE;

/** Whether a string since the last reset held a backslash. */
let escaped: bool = false;

function hash(source: usize, sourceLength: usize, name: usize, nameLength: usize): u32 {
  let h: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < sourceLength; i++) h = (h ^ load<u8>(source + i)) * 0x01000193;
  h = (h ^ 0xff) * 0x01000193;
  for (let i: usize = 0; i < nameLength; i++) h = (h ^ load<u8>(name + i)) * 0x01000193;
  return (h ^ (h >> 16)) & 0xffff;
}

/** Adds a pair to the wanted table. */
export function want(source: usize, sourceLength: usize, name: usize, nameLength: usize): void {
  const h = hash(source, sourceLength, name, nameLength);
  const bit: u8 = 1 << u8(h & 7);
  store<u8>(WANTED + (h >> 3), load<u8>(WANTED + (h >> 3)) | bit);
}

function isWanted(source: usize, sourceLength: usize, name: usize, nameLength: usize): bool {
  const h = hash(source, sourceLength, name, nameLength);
  return ((load<u8>(WANTED + (h >> 3)) >> u8(h & 7)) & 1) !== 0;
}

/** Goes over the documents from `start` to `end`. */
export function scan(start: usize, end: usize, firstLine: u32): void {
  line = firstLine;
  uninteresting = 0;
  lastSingleLine = 0;
  documentLine = 0;
  scanEnd = end;
  let p = space(start);
  while (true) {
    if (p >= windowEnd) p = space(advance(p));
    if (p >= scanEnd) break;
    documentStart = p;
    documentLine = line;
    if (load<u8>(p) === 0x5b) {
      open(documentStart);
      p = elements(p, ITEM);
    } else {
      p = element(p, DOCUMENT);
    }
    if (line === documentLine) lastSingleLine = line;
    p = space(p);
  }
  documentStart = scanEnd;
}

/** The elements of the array at `p`. */
function elements(p: usize, kind: u32): usize {
  p = space(p + 1);
  if (load<u8>(p) === 0x5d) return p + 1;
  while (true) {
    p = space(element(p, kind));
    const c = load<u8>(p);
    if (c === 0x2c) {
      p = space(p + 1);
      if (p >= windowEnd) p = space(advance(p));
    } else if (c === 0x5d) {
      return p + 1;
    } else {
      fail(p, ARRAY);
      unreachable();
    }
  }
}

/** One element at `p`: a record, or whatever stands in the place of one. */
function element(p: usize, kind: u32): usize {
  const start = p;
  const startLine = line;
  if (load<u8>(p) !== 0x7b) {
    p = value(p);
    report(start, p, startLine, kind);
    return p;
  }
  const before = uninteresting;
  /** Its "Records" are being read, or were. */
  let archive = false;
  /** Its keys are not plain: what holds is for JSON.parse to say. */
  let doubtful = false;
  /** The names in it are not plain strings: likewise, unless it is an archive. */
  let odd = false;
  let source: usize = 0;
  let sourceLength: usize = 0;
  let name: usize = 0;
  let nameLength: usize = 0;
  p = space(p + 1);
  if (load<u8>(p) === 0x7d) {
    p++;
  } else {
    while (true) {
      if (load<u8>(p) !== 0x22) {
        fail(p, KEY);
        unreachable();
      }
      const key = p + 1;
      escaped = false;
      p = string(key);
      const length = p - 1 - key;
      const records = length === 7 && load<u32>(key) === 0x6f636552 && load<u32>(key + 3) === 0x7364726f;
      const plain = !escaped;
      if (!plain || (records && (kind !== DOCUMENT || archive))) {
        doubtful = true;
        if (archive) {
          undo();
          uninteresting = before;
          archive = false;
        }
      }
      p = colon(p);
      if (records && !doubtful) {
        if (load<u8>(p) === 0x5b) {
          open(documentStart);
          archive = true;
          p = elements(p, RECORD);
        } else {
          doubtful = true;
          p = value(p);
        }
      } else if (plain && length === 11 && isEventSource(key)) {
        escaped = false;
        source = load<u8>(p) === 0x22 ? p + 1 : 0;
        p = value(p);
        if (source === 0 || escaped) odd = true;
        sourceLength = p - 1 - source;
      } else if (plain && length === 9 && isEventName(key)) {
        escaped = false;
        name = load<u8>(p) === 0x22 ? p + 1 : 0;
        p = value(p);
        if (name === 0 || escaped) odd = true;
        nameLength = p - 1 - name;
      } else {
        p = value(p);
      }
      p = space(p);
      const c = load<u8>(p++);
      if (c === 0x2c) {
        p = space(p);
      } else if (c === 0x7d) {
        break;
      } else {
        fail(p - 1, OBJECT);
        unreachable();
      }
    }
  }
  if (archive) return p;
  // Shorter than any service's name: "", or "aws:sqs", whose body is what counts.
  if (
    doubtful ||
    odd ||
    sourceLength < 8 ||
    nameLength === 0 ||
    isWanted(source, sourceLength, name, nameLength)
  ) {
    report(start, p, startLine, kind);
  } else {
    uninteresting++;
  }
  return p;
}

function isEventSource(key: usize): bool {
  return (
    load<u32>(key) === 0x6e657665 && load<u32>(key + 4) === 0x756f5374 && load<u32>(key + 7) === 0x65637275
  );
}

function isEventName(key: usize): bool {
  return load<u32>(key) === 0x6e657665 && load<u32>(key + 4) === 0x6d614e74 && load<u8>(key + 8) === 0x65;
}

/** Any value at `p`, checked and passed over; brackets are kept on STACK, so that depth costs no calls. */
function value(p: usize): usize {
  let c = load<u8>(p);
  if (c === 0x22) return string(p + 1);
  let depth: usize = STACK;
  /** 1 in an object, 0 in an array. */
  let inside: u8 = 0;
  while (true) {
    if (c === 0x22) {
      p = string(p + 1);
    } else if (c === 0x7b || c === 0x5b) {
      p = space(p + 1);
      // `{` and `[` are each two below their closing bracket.
      if (load<u8>(p) === c + 2) {
        p++;
      } else {
        if (depth === STACK + MAX_DEPTH) {
          fail(p, DEPTH);
          unreachable();
        }
        store<u8>(depth++, inside);
        inside = u8(c === 0x7b);
        if (inside) p = key(p);
        c = load<u8>(p);
        continue;
      }
    } else {
      p = scalar(p, c);
    }
    while (true) {
      if (depth === STACK) return p;
      p = space(p);
      c = load<u8>(p++);
      if (c === 0x2c) {
        p = space(p);
        if (inside) p = key(p);
        c = load<u8>(p);
        break;
      }
      if (c !== (inside ? 0x7d : 0x5d)) {
        fail(p - 1, inside ? OBJECT : ARRAY);
        unreachable();
      }
      inside = load<u8>(--depth);
    }
  }
}

/** A key at `p` and its colon; gives the start of the value. */
function key(p: usize): usize {
  if (load<u8>(p) !== 0x22) {
    fail(p, KEY);
    unreachable();
  }
  return colon(string(p + 1));
}

function colon(p: usize): usize {
  p = space(p);
  if (load<u8>(p) !== 0x3a) {
    fail(p, COLON);
    unreachable();
  }
  return space(p + 1);
}

/** The first byte from `p` on that is no white space. */
function space(p: usize): usize {
  return load<u8>(p) > 0x20 ? p : manySpaces(p);
}

function manySpaces(p: usize): usize {
  while (true) {
    const c = load<u8>(p);
    if (c === 0x0a) line++;
    else if (c !== 0x20 && c !== 0x0d && c !== 0x09) return p;
    p++;
  }
}

/** The rest of a string, from after its opening quote to after its closing one. */
function string(p: usize): usize {
  while (true) {
    const bytes = v128.load(p);
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_u(bytes, i8x16.splat(0x20)),
      ),
    );
    if (special === 0) {
      p += 16;
      continue;
    }
    p += ctz(special);
    const c = load<u8>(p);
    if (c === 0x22) return p + 1;
    if (c !== 0x5c) {
      fail(p, STRING);
      unreachable();
    }
    escaped = true;
    p = afterBackslash(p + 1);
  }
}

/** What follows a backslash. */
function afterBackslash(p: usize): usize {
  const c = load<u8>(p);
  if (c === 0x75) {
    for (let i = 1; i <= 4; i++) {
      const digit = load<u8>(p + i);
      if (digit - 0x30 > 9 && (digit | 0x20) - 0x61 > 5) {
        fail(p + i, ESCAPE);
        unreachable();
      }
    }
    return p + 5;
  }
  // " \ / b f n r t
  if (
    c === 0x22 ||
    c === 0x5c ||
    c === 0x2f ||
    c === 0x62 ||
    c === 0x66 ||
    c === 0x6e ||
    c === 0x72 ||
    c === 0x74
  ) {
    return p + 1;
  }
  fail(p, ESCAPE);
  return unreachable();
}

/** A literal or a number at `p`, whose first byte is `c`. */
function scalar(p: usize, c: u8): usize {
  if (c === 0x6e || c === 0x74) {
    if (load<u32>(p) === (c === 0x6e ? 0x6c6c756e : 0x65757274)) return p + 4;
    fail(p, LITERAL);
    unreachable();
  }
  if (c === 0x66) {
    if (load<u32>(p + 1) === 0x65736c61) return p + 5;
    fail(p, LITERAL);
    unreachable();
  }
  if (c !== 0x2d && c - 0x30 > 9) {
    fail(p, VALUE);
    unreachable();
  }
  if (c === 0x2d) p++;
  if (load<u8>(p) === 0x30) p++;
  else p = digits(p);
  if (load<u8>(p) === 0x2e) p = digits(p + 1);
  if ((load<u8>(p) | 0x20) === 0x65) {
    p++;
    const sign = load<u8>(p);
    p = digits(sign === 0x2b || sign === 0x2d ? p + 1 : p);
  }
  return p;
}

/** One digit or more. */
function digits(p: usize): usize {
  if (load<u8>(p) - 0x30 > 9) {
    fail(p, NUMBER);
    unreachable();
  }
  do p++;
  while (load<u8>(p) - 0x30 <= 9);
  return p;
}
