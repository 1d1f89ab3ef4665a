/** The host of the WebAssembly scanner: gives it memory, files and the events that are wanted, and takes its reports. */

/** Which events a reader of an archive asks for: by name, so that other threads can be given the list. */
export type WantedList = readonly { readonly eventSource: string; readonly eventNames: readonly string[] }[];

export interface WantedEvents {
  has(eventSource: string, eventName: string): boolean;
  /** `all`: every record is wanted. */
  readonly list: WantedList | 'all';
}

export function wantedIn(list: WantedList | 'all'): WantedEvents {
  if (list === 'all') return { list, has: () => true };
  const names = new Map<string, Set<string>>();
  for (const { eventSource, eventNames } of list) {
    const known = names.get(eventSource) ?? new Set();
    for (const eventName of eventNames) known.add(eventName);
    names.set(eventSource, known);
  }
  return { list, has: (eventSource, eventName) => names.get(eventSource)?.has(eventName) ?? false };
}

/** Where an element stands: a document by itself, in a document that is an array, or in "Records". */
export type Position = 'document' | 'item' | 'record';
const positions: readonly Position[] = ['document', 'item', 'record'];

/** What the scanner reports while it scans. */
export interface ScanHost {
  /** This element must be parsed: it is wanted, or its bytes alone do not show whether it is. */
  report(start: number, end: number, line: number, position: Position): void;
  /** A list of records begins, in the document that starts there. */
  open(documentStart: number): void;
  /** What came since `open` does not hold; the document will be reported as a whole. */
  undo(): void;
}

/** Where the bytes stopped being JSON. */
export interface Breakage {
  readonly position: number;
  readonly line: number;
  readonly what: string;
  /** Nothing is wrong but that there is no more. */
  readonly atEnd: boolean;
}

export interface Scan {
  /** Well-formed records that nobody wants, not counting what was reported. */
  readonly uninteresting: number;
  /** Where the last document starts, and on which line; line 0 when there was nothing but white space. */
  readonly documentStart: number;
  readonly documentLine: number;
  /** The line of the last whole document that began and ended on one line; 0 when there was none. */
  readonly lastSingleLine: number;
  readonly breakage: Breakage | undefined;
}

/** The content of a file, of which one window after the other is in memory; what is small is in one. */
export interface Windows {
  /** Brings the first window. */
  first(): Window;
  /** Brings the next one, which has what is behind `position` of the content, and more. */
  advance(position: number): Window;
}

/** The part of the content that is in memory. */
export interface Window {
  /** Where it is in memory. */
  readonly start: number;
  readonly end: number;
  /** Which position of the content is at `start`. */
  readonly position: number;
  /** Where in memory no element is begun any more before the window is advanced. */
  readonly lastStart: number;
  /** Whether the content ends with it. */
  readonly isLast: boolean;
}

export interface Inflated {
  readonly status: 'ok' | 'cut' | 'invalid' | 'full';
  readonly from: number;
  readonly to: number;
}
/** In the order of the constants in inflate.as.ts. */
const statuses = ['ok', 'cut', 'invalid', 'full'] as const;

/** In the order of the constants in scanner.as.ts. */
const reasons = [
  'a value was expected',
  'a control character in a string',
  'a bad escape in a string',
  'a bad number',
  'a bad literal',
  'a key in double quotes was expected',
  'a colon was expected',
  'a comma or } was expected',
  'a comma or ] was expected',
  'nested more than a million levels deep',
];

/** The scanner reads 16 bytes at a time, so that it may read this far beyond the end. */
const margin = 64;
const page = 65_536;
/** No address is behind it: as an unsigned number, which is how the scanner takes it. */
const noWindow = -1;
/** What the start of a document is set to when the window moves on: no document is there, and the next overwrites it. */
const earlier = 0;
/** The table at address 0: all ones want everything. */
const wantedTableBytes = 8192;

/** The position of the content at which a window ends. */
export function endOf({ start, end, position }: Window): number {
  return position + end - start;
}

/** Thrown through the scanner's frames, and caught by `Scanner.scan` alone. */
class Broken extends Error {
  readonly position: number;
  readonly what: string;
  constructor(position: number, what: string) {
    super(what);
    this.position = position;
    this.what = what;
  }
}

/** Node's global, of which TypeScript knows nothing without the browser's library. */
declare const WebAssembly: {
  readonly Instance: new (module: CompiledScanner, imports: object) => { readonly exports: Exports };
};

/** The scanner's code, compiled; threads share one. */
export interface CompiledScanner {
  readonly [Symbol.toStringTag]: string;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly INPUT: Global;
  readonly line: Global;
  readonly uninteresting: Global;
  readonly documentStart: Global;
  readonly documentLine: Global;
  readonly lastSingleLine: Global;
  want(source: number, sourceLength: number, name: number, nameLength: number): void;
  scan(start: number, end: number, line: number): void;
  readonly inflatedFrom: Global;
  readonly inflatedTo: Global;
  inflate(from: number, end: number, to: number, limit: number): number;
  resume(start: number, end: number, to: number, limit: number): number;
  readonly scanEnd: Global;
  readonly windowEnd: Global;
}
interface Global {
  value: number;
}

/** One scanner with its memory, for one file after another. Positions count from the start of the file's content. */
export class Scanner {
  readonly #exports: Exports;
  readonly #base: number;
  /** All memory that is free for files. */
  #memory: Buffer = Buffer.alloc(0);
  /** Where in memory the content's first byte is, or would be if it were still there. */
  #origin = 0;
  /** The position at which what is scanned ends, as far as it is in memory. */
  #end = 0;
  #host: ScanHost | undefined;
  #windows: Windows | undefined;
  /** Where the document starts that was begun in an earlier window. */
  #earlierDocument = 0;

  constructor(module: CompiledScanner, wanted: WantedEvents) {
    const instance = new WebAssembly.Instance(module, {
      host: {
        report: (start: number, end: number, line: number, position: number) =>
          this.#host?.report(
            this.#position(start),
            this.#position(end),
            line >>> 0,
            positions[position] ?? 'record',
          ),
        open: (documentStart: number) => this.#host?.open(this.#position(documentStart)),
        undo: () => this.#host?.undo(),
        advance: (position: number) => this.#advance(position),
        fail: (position: number, what: number) => {
          throw new Broken(this.#position(position), reasons[what] ?? 'not JSON');
        },
      },
    });
    this.#exports = instance.exports;
    this.#base = this.#exports.INPUT.value;
    if (wanted.list === 'all') Buffer.from(this.#exports.memory.buffer, 0, wantedTableBytes).fill(0xff);
    else
      for (const { eventSource, eventNames } of wanted.list) {
        for (const eventName of eventNames) this.#want(eventSource, eventName);
      }
  }

  /**
   * Room for `length` bytes at the start of memory; whatever was there is lost. What memory gave before is
   * not to be used after `room` and `inflate`, which may move it.
   * @throws RangeError when there is not so much memory.
   */
  room(length: number): Buffer {
    this.#grow(length);
    return this.bytes(0, length);
  }

  /** The bytes from `start` to `end` of memory. */
  bytes(start: number, end: number): Buffer {
    return this.#memory.subarray(start, end);
  }

  /** The same bytes, chosen as what `scan` counts its positions from. */
  content(start: number, end: number): Buffer {
    this.#grow(end);
    this.#origin = start;
    return this.bytes(start, end);
  }

  /**
   * Unpacks what DEFLATE packed, from the bytes at `from` (until `end`) to those at `to` (with room until
   * `limit`, of which some hundred bytes serve as a margin).
   * @returns how that ended; the first byte that was not needed; the end of what was unpacked, whole or not.
   */
  inflate(from: number, end: number, to: number, limit: number): Inflated {
    this.#grow(limit);
    // The scanner reads eight bytes at a time, beyond the end too.
    this.#memory.fill(0, end, Math.min(end + 16, to));
    return this.#inflated(
      this.#exports.inflate(this.#base + from, this.#base + end, this.#base + to, this.#base + limit),
    );
  }

  /**
   * Goes on where `inflate` found no room for more.
   * @param start where what was unpacked begins in memory now: the last 32 KB of it, where there is so much.
   * @param to where it ends.
   */
  resume(start: number, end: number, to: number, limit: number): Inflated {
    return this.#inflated(
      this.#exports.resume(this.#base + start, this.#base + end, this.#base + to, this.#base + limit),
    );
  }

  #inflated(status: number): Inflated {
    return {
      status: statuses[status] ?? 'invalid',
      from: this.#fromBase(this.#exports.inflatedFrom.value),
      to: this.#fromBase(this.#exports.inflatedTo.value),
    };
  }

  /** Moves the bytes from `start` to `end` of memory to `to`. */
  move(start: number, end: number, to: number): void {
    this.#memory.copyWithin(to, start, end);
  }

  /** Chooses a window as what positions count in. @returns its bytes. */
  choose({ start, end, position }: Window): Buffer {
    this.#origin = start - position;
    return this.bytes(start, end);
  }

  /**
   * Scans the content from `start` on, window by window.
   * @param window the first, which was chosen.
   * @param see is given every other when it is there.
   * @throws what `windows` throws.
   */
  scanWindows(
    windows: Windows,
    window: Window,
    start: number,
    host: ScanHost,
    see: (window: Window) => void,
  ): Scan {
    this.#windows = {
      first: () => window,
      advance: (position) => {
        const next = windows.advance(position);
        see(next);
        return next;
      },
    };
    this.#exports.windowEnd.value = this.#base + window.lastStart;
    try {
      return this.scan(start, endOf(window), 1, host);
    } finally {
      this.#windows = undefined;
      this.#exports.windowEnd.value = noWindow;
    }
  }

  #advance(address: number): number {
    if (this.#windows === undefined) throw new TypeError('the scanner asks for a window where there is none');
    const { documentStart, scanEnd, windowEnd } = this.#exports;
    if (documentStart.value !== earlier) this.#earlierDocument = this.#position(documentStart.value);
    documentStart.value = earlier;
    const position = this.#position(address);
    const window = this.#windows.advance(position);
    this.choose(window);
    this.#end = endOf(window);
    this.#memory[window.end] = 0;
    scanEnd.value = this.#base + window.end;
    windowEnd.value = this.#base + window.lastStart;
    return this.#base + this.#origin + position;
  }

  /** Scans `start` to `end` of the content, which are in memory. */
  scan(start: number, end: number, line: number, host: ScanHost): Scan {
    const exports = this.#exports;
    let breakage: Breakage | undefined;
    // A zero is what ends the scan.
    const behind = this.#origin + end;
    const overwritten = this.#memory[behind] ?? 0;
    this.#memory[behind] = 0;
    this.#host = host;
    this.#end = end;
    try {
      const first = this.#base + this.#origin;
      exports.scan(first + start, first + end, line);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      const { position, what } = error;
      breakage = { position, line: exports.line.value >>> 0, what, atEnd: position >= this.#end };
    } finally {
      this.#host = undefined;
      // Windows have moved what was there, and nothing is behind theirs.
      if (this.#windows === undefined) this.#memory[behind] = overwritten;
    }
    const documentStart = exports.documentStart.value;
    return {
      uninteresting: exports.uninteresting.value >>> 0,
      documentStart: documentStart === earlier ? this.#earlierDocument : this.#position(documentStart),
      documentLine: exports.documentLine.value >>> 0,
      lastSingleLine: exports.lastSingleLine.value >>> 0,
      breakage,
    };
  }

  #position(address: number): number {
    return this.#fromBase(address) - this.#origin;
  }

  /** Addresses are unsigned; JavaScript is given them signed. */
  #fromBase(address: number): number {
    return (address >>> 0) - this.#base;
  }

  #grow(length: number): void {
    const { memory } = this.#exports;
    const missing = this.#base + length + margin - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / page));
    if (this.#memory.buffer !== memory.buffer) this.#memory = Buffer.from(memory.buffer, this.#base);
  }

  #want(eventSource: string, eventName: string): void {
    const source = Buffer.from(eventSource);
    const name = Buffer.from(eventName);
    this.room(source.length + name.length).set(Buffer.concat([source, name]));
    this.#exports.want(this.#base, source.length, this.#base + source.length, name.length);
  }
}
