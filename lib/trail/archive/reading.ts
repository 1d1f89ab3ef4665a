/**
 * What a file of an archive means. The scanner finds the records; this module holds the rules:
 *
 * - Content is UTF-8, with or without a byte order mark; bytes that are not UTF-8 read as U+FFFD in strings.
 * - It is any number of JSON documents, one after the other, with or without white space between them.
 * - A document that is an object with an array under "Records" is an archive: the array's elements are
 *   records. A document that is an array is a list of elements; each is a record, or an archive. Any other
 *   document is itself a record. A record may come in an envelope: see `unwrap`.
 * - JSON is what JSON.parse takes. Of keys written twice the last one holds, "Records" included.
 * - CloudTrail's digest files (documents, see `isDigest`) hold no records and are skipped.
 * - An element that is no record is rejected, and so is one nested more than `maxDepth` deep, if wanted:
 *   what comes after reading walks over records recursively.
 * - Broken JSON: the file is one of documents a line, if a document before the broken one began and ended on
 *   an earlier line; or, where no list had begun in the broken one, if some later line that starts with `{`
 *   is a whole object. Then the line on which the broken document starts is one rejected record, and what
 *   follows is read line by line, each on its own. In any other file reading stops there. In either case the
 *   whole elements of the broken document's list, before the breakage, are read.
 *   (Where the list's document also has keys with escapes, or "Records" twice, before the breakage: not.)
 * - In a file that is cut off, a document that is broken only by the end is no error besides the cut.
 * - At most `maxListed` rejected elements of a file are listed; one more entry then counts the rest.
 */
import { hash } from 'node:crypto';
import { at, isObject } from '../../core/json.ts';
import { refusal, unwrap } from '../envelope.ts';
import {
  type Breakage,
  endOf,
  type Position,
  type Scan,
  type ScanHost,
  type Scanner,
  type WantedEvents,
  type Window,
} from './scanner.ts';
import { loadBytes, loadFile, type Unpacked, unpack } from './unpack.ts';
import { GzipWindows, NoWindowsError, WholeContent, type WindowedContent, windowBytes } from './windows.ts';

export const maxDepth = 1000;
export const maxListed = 1000;
/** Most bytes that gzip is unpacked to at once, where it has to be. */
export const maxWholeBytes = 512_000_000;

/** Something in a file that could not be read, and why. */
export interface FileError {
  /** The line at which it starts, counted from 1; absent where lines mean nothing. */
  readonly line?: number;
  readonly reason: string;
}

/** Something in the input that could not be read, and why. */
export interface InputError extends FileError {
  readonly file: string;
}

/** A wanted element, as JSON.parse made it: a record, or an envelope around one. */
export interface WantedElement {
  readonly value: unknown;
  /** Where the first of them starts. */
  readonly line: number;
  /** How often the file holds it, byte for byte. */
  readonly copies: number;
}

export interface FileReading {
  /** Whether there was content to read at all. */
  readonly read: boolean;
  readonly uninteresting: number;
  readonly rejected: number;
  readonly wanted: readonly WantedElement[];
  /** In the order of lines; what concerns the whole file comes last. */
  readonly errors: readonly FileError[];
  /** Why there was nothing to be read, though nothing is wrong. */
  readonly skipped: string | undefined;
}

/** Reads one file. Whatever is wrong with it is in `errors`; nothing is thrown. */
export function readFile(file: string, scanner: Scanner, wanted: WantedEvents): FileReading {
  return attempt(() => readStored(loadFile(file, scanner), scanner, wanted));
}

/** The same for bytes in memory. */
export function readBytes(bytes: Buffer, scanner: Scanner, wanted: WantedEvents): FileReading {
  return attempt(() => readStored(loadBytes(bytes, scanner), scanner, wanted));
}

function attempt(read: () => FileReading): FileReading {
  try {
    return read();
  } catch (error) {
    return unread({ reason: `could not be read: ${messageOf(error)}` });
  }
}

/** A file of which nothing could be had. */
export function unread(error: FileError): FileReading {
  return { read: false, uninteresting: 0, rejected: 0, wanted: [], errors: [error], skipped: undefined };
}

function messageOf(error: unknown): string {
  const code = isObject(error) ? error['code'] : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return error instanceof Error ? error.message : String(error);
}

/**
 * What unpacks to much goes through a window of memory, so that a small file never fills it. What cannot be read so is
 * read as a whole, as all others are, within limits.
 */
function readStored(length: number, scanner: Scanner, wanted: WantedEvents): FileReading {
  const small = unpack(length, scanner, 2 * windowBytes);
  if (small !== undefined) return readUnpacked(small, scanner, wanted);
  try {
    return readContent(new GzipWindows(scanner, length), scanner, wanted);
  } catch (error) {
    if (!(error instanceof NoWindowsError)) throw error;
    const whole = unpack(length, scanner, maxWholeBytes);
    if (whole !== undefined) return readUnpacked(whole, scanner, wanted);
    throw new RangeError(
      `${error.message}, and it unpacks to more than ${maxWholeBytes / 1e6} MB; ` +
        'unpack it, and split it into smaller files, for example with one record a line',
      { cause: error },
    );
  }
}

function readUnpacked({ content, start, damage }: Unpacked, scanner: Scanner, wanted: WantedEvents) {
  return readContent(new WholeContent(start, start + content.length, damage), scanner, wanted);
}

/** @throws NoWindowsError when the content has to be in memory as a whole, and is not. */
export function readContent(content: WindowedContent, scanner: Scanner, wanted: WantedEvents): FileReading {
  return new FileReader(content, scanner, wanted).read();
}

/** How many elements there are, with all copies. */
export function countOf(wanted: readonly Pick<WantedElement, 'copies'>[]): number {
  return wanted.reduce((sum, { copies }) => sum + copies, 0);
}

interface State {
  uninteresting: number;
  rejected: number;
  wanted: { value: unknown; line: number; copies: number }[];
  listed: FileError[];
  skipped: string | undefined;
}

/** Reads one content, once. */
class FileReader implements ScanHost {
  readonly #content: WindowedContent;
  readonly #scanner: Scanner;
  readonly #wanted: WantedEvents;
  /** The part of the content that is in memory, its bytes, and the positions at which it starts and ends. */
  #window: Window;
  #bytes: Buffer;
  #from: number;
  #end: number;
  readonly #state: State = { uninteresting: 0, rejected: 0, wanted: [], listed: [], skipped: undefined };
  readonly #errors: FileError[] = [];
  /** What `undo` goes back to. */
  #before = { uninteresting: 0, rejected: 0, wanted: 0, listed: 0, skipped: undefined as string | undefined };
  /** The wanted elements by a digest of their bytes, and each digest in their order: a copy is counted, and not kept. */
  readonly #known = new Map<string, State['wanted'][number]>();
  readonly #digests: (string | undefined)[] = [];
  /** Those of which copies were counted since `open`. */
  #counted: State['wanted'] = [];
  /** Whether the window has moved since `open`. */
  #moved = false;
  /** Where the last document starts in which a list began. */
  #listIn: number | undefined;
  #empty = true;

  constructor(content: WindowedContent, scanner: Scanner, wanted: WantedEvents) {
    this.#content = content;
    this.#scanner = scanner;
    this.#wanted = wanted;
    this.#window = content.first();
    this.#bytes = scanner.choose(this.#window);
    this.#from = this.#window.position;
    this.#end = endOf(this.#window);
  }

  read(): FileReading {
    const bytes = this.#bytes;
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const see = (window: Window): void => this.#see(window);
    const scan = this.#took(this.#scanner.scanWindows(this.#content, this.#window, start, this, see));
    if (scan.breakage !== undefined) this.#readBroken(scan, scan.breakage);
    // What is left is not read, but whether the file is whole is still to be known.
    while (!this.#window.isLast) this.#see(this.#content.advance(this.#end));
    const { damage } = this.#content;
    if (damage !== undefined) this.#note({ reason: damage + this.#salvaged() });
    else if (this.#empty)
      this.#note({ reason: this.#end === 0 ? 'an empty file' : 'nothing but white space' });
    return this.#reading();
  }

  #see(window: Window): void {
    this.#window = window;
    this.#bytes = this.#scanner.choose(window);
    this.#from = window.position;
    this.#end = endOf(window);
    this.#moved = true;
  }

  /** What there is to read from a broken document on. */
  #readBroken(scan: Scan, breakage: Breakage): void {
    // A literal is compared whole: where the window ends in it, it seems to break at its start.
    if (!this.#window.isLast && breakage.position + 5 > this.#end) {
      throw new NoWindowsError(`what is at byte ${breakage.position + 1} is too long to be read in parts`);
    }
    if (!this.#isOneDocumentALine(scan, breakage)) {
      if (this.#isCut(breakage)) return;
      this.#note({ line: breakage.line, reason: this.#reasonOf(scan, breakage) + this.#salvaged() });
      return;
    }
    if (scan.documentStart < this.#from) throw new NoWindowsError(this.#reasonOf(scan, breakage));
    // From here on line by line, beginning with what follows the broken document's first line.
    let { documentLine: line } = scan;
    const reason = this.#reasonOf(scan, breakage);
    let end = this.#lineEnd(scan.documentStart);
    if (end < this.#end || !this.#isCut(breakage)) this.#rejectLine(line, reason);
    while (end < this.#end || !this.#window.isLast) {
      const from = end + 1;
      end = this.#lineEnd(from);
      line++;
      const one = this.#took(this.#scanner.scan(from, end, line, this));
      if (one.breakage !== undefined && !this.#isCut(one.breakage)) {
        this.#rejectLine(line, this.#reasonOf(one, one.breakage));
      }
    }
  }

  report(start: number, end: number, line: number, position: Position): void {
    const digest = hash('sha256', this.#slice(start, end), 'base64');
    const known = this.#known.get(digest);
    if (known !== undefined) {
      known.copies++;
      this.#counted.push(known);
      return;
    }
    const before = this.#state.wanted.length;
    this.#parse(start, end, line, position);
    const [element, ...others] = this.#state.wanted.slice(before);
    if (element === undefined || others.length > 0) return;
    this.#known.set(digest, element);
    this.#digests[before] = digest;
  }

  #parse(start: number, end: number, line: number, position: Position): void {
    let value: unknown;
    try {
      value = JSON.parse(this.#slice(start, end).toString());
    } catch (error) {
      // The scanner has checked it, so what is left is that it is too large for one string.
      const megabytes = Math.ceil((end - start) / 1e6);
      this.#reject(line, `could not be parsed, being ${megabytes} MB long: ${messageOf(error)}`);
      return;
    }
    // Each level takes two bytes at least.
    const mayBeDeep = end - start > 2 * maxDepth;
    const records = position === 'record' ? undefined : at(value, 'Records');
    if (Array.isArray(records)) {
      for (const record of records) this.#element(record, line, 'record', mayBeDeep);
    } else {
      this.#element(value, line, position, mayBeDeep);
    }
  }

  open(documentStart: number): void {
    const { uninteresting, rejected, wanted, listed, skipped } = this.#state;
    this.#before = { uninteresting, rejected, wanted: wanted.length, listed: listed.length, skipped };
    this.#counted = [];
    this.#moved = false;
    this.#listIn = documentStart;
  }

  undo(): void {
    // The scanner goes on to report the document, of which it knows where it was.
    if (this.#moved) throw new NoWindowsError('its keys tell only at its end what its records are');
    const { wanted, listed, ...counts } = this.#before;
    for (const element of this.#counted) element.copies--;
    for (const digest of this.#digests.splice(wanted)) if (digest !== undefined) this.#known.delete(digest);
    Object.assign(this.#state, counts);
    this.#state.wanted.length = wanted;
    this.#state.listed.length = listed;
    this.#listIn = undefined;
  }

  #note(error: FileError): void {
    this.#errors.push(error);
  }

  /** How much of the file was read, for the end of a sentence about why the rest was not. */
  #salvaged(): string {
    const { uninteresting, rejected, wanted } = this.#state;
    const records = uninteresting + rejected + countOf(wanted);
    if (records === 0) return '; no record could be read';
    return `, after record ${records}; the records before it were read`;
  }

  #reading(): FileReading {
    const { uninteresting, rejected, wanted, listed, skipped } = this.#state;
    const errors = [...listed, ...this.#errors].sort(
      (a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0,
    );
    const more = rejected - listed.length;
    if (more > 0) errors.push({ reason: `${more} more elements of this file are not CloudTrail records` });
    return { read: true, uninteresting, rejected, wanted, errors, skipped };
  }

  #took(scan: Scan): Scan {
    this.#state.uninteresting += scan.uninteresting;
    if (scan.documentLine > 0) this.#empty = false;
    return scan;
  }

  #element(value: unknown, line: number, position: Position, mayBeDeep: boolean): void {
    const record = unwrap(value);
    const refused = refusal(record);
    if (refused !== undefined) {
      if (position === 'document' && isDigest(value)) this.#state.skipped = digestReason;
      else if (position === 'document' && isObject(value))
        this.#reject(line, `no archive ("Records"), and ${refused}`);
      else this.#reject(line, refused);
    } else if (!this.#wanted.has(String(at(record, 'eventSource')), String(at(record, 'eventName')))) {
      this.#state.uninteresting++;
    } else if (mayBeDeep && isDeeperThan(record, maxDepth)) {
      this.#reject(line, `nested more than ${maxDepth} levels deep`);
    } else {
      this.#state.wanted.push({ value, line, copies: 1 });
    }
  }

  #reject(line: number, reason: string): void {
    this.#state.rejected++;
    if (this.#state.listed.length < maxListed) this.#state.listed.push({ line, reason });
  }

  #rejectLine(line: number, reason: string): void {
    this.#reject(line, `${reason}; this line was skipped`);
  }

  #isOneDocumentALine(scan: Scan, breakage: Breakage): boolean {
    const { documentStart, documentLine, lastSingleLine } = scan;
    if (lastSingleLine > 0 && lastSingleLine < documentLine) return true;
    if (this.#listIn === documentStart) return false;
    // The window has not moved since the document began, as it has no list.
    const bytes = this.#slice(documentStart, this.#end);
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, end + 1)) {
      if (bytes[end + 1] !== 0x7b) continue;
      const next = bytes.indexOf(0x0a, end + 1);
      try {
        const value = JSON.parse(bytes.toString('utf8', end + 1, next === -1 ? bytes.length : next));
        if (Object.keys(value).length > 0) return true;
      } catch {
        // Not a document by itself: the next line is tried.
      }
    }
    if (this.#window.isLast) return false;
    throw new NoWindowsError(this.#reasonOf(scan, breakage));
  }

  /** Whether the content broke only because its end is missing. */
  #isCut({ atEnd, position }: Breakage): boolean {
    return this.#content.damage !== undefined && this.#window.isLast && atEnd && position >= this.#end;
  }

  /** Where the line ends that `position` is in, which is in memory then. */
  #lineEnd(position: number): number {
    let end = this.#bytes.indexOf(0x0a, position - this.#from);
    if (end === -1 && !this.#window.isLast) {
      this.#see(this.#content.advance(position));
      end = this.#bytes.indexOf(0x0a, position - this.#from);
      if (end === -1 && !this.#window.isLast) {
        throw new NoWindowsError(`the line at byte ${position + 1} is too long to be read in parts`);
      }
    }
    return end === -1 ? this.#end : this.#from + end;
  }

  #slice(start: number, end: number): Buffer {
    return this.#bytes.subarray(start - this.#from, end - this.#from);
  }

  #reasonOf({ documentStart }: Scan, { position, what, atEnd }: Breakage): string {
    if (atEnd) return 'the JSON ends too early';
    if (documentStart === 0 && position === 0) {
      const known = signatures.find(({ bytes }) => this.#slice(0, bytes.length).equals(bytes));
      if (known !== undefined) return `not JSON: ${known.what}`;
    }
    if (position === documentStart) return `not JSON at byte ${position + 1}`;
    return `broken JSON at byte ${position + 1}: ${what}`;
  }
}

const signatures = [
  { bytes: Buffer.from([0xff, 0xfe]), what: 'UTF-16 text; save it as UTF-8' },
  { bytes: Buffer.from([0xfe, 0xff]), what: 'UTF-16 text; save it as UTF-8' },
  { bytes: Buffer.from('PK\u0003\u0004'), what: 'a zip file; unpack it first' },
  { bytes: Buffer.from('PAR1'), what: 'a Parquet file' },
  { bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), what: 'packed with zstd; unpack it first' },
  { bytes: Buffer.from('BZh'), what: 'packed with bzip2; unpack it first' },
];

export const digestReason = 'a CloudTrail digest file: signatures of log files, no records';

/** Source: AWS CloudTrail User Guide, "CloudTrail digest file structure". */
function isDigest(value: unknown): boolean {
  const names = at(value, 'digestS3Bucket') ?? at(value, 'digestS3Object');
  return names !== undefined && Array.isArray(at(value, 'logFiles'));
}

/** Without recursion, since depth is what it is about. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
