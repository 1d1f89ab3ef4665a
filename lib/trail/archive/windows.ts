/**
 * The content of a file in windows. gzip is unpacked piece by piece, into a window of memory that moves along, so that
 * what a small file unpacks to is never in memory at once. Where the gzip is damaged, the content ends.
 */
import { crc32 } from 'node:zlib';
import { corrupt, isGzip, packedFrom, truncated, wrongChecksum } from './gzip.ts';
import type { Scanner, Window, Windows } from './scanner.ts';

const megabyte = 1_048_576;
/** Of unpacked bytes that are in memory at a time. */
export const windowBytes = 32 * megabyte;
/** An element is begun only where so much of the window follows: longer ones may not fit. */
const elementBytes = 4 * megabyte;
/** How far back DEFLATE refers. Source: RFC 1951, 3.2.5. */
const historyBytes = 32_768;
/** What unpacks to more is not read: a thread would be busy with it for minutes. */
export const maxUnpackedBytes = 8_000_000_000;

/** What a file holds. */
export interface WindowedContent extends Windows {
  /** Why the file is not whole, known when the last window is there. What is in the windows came before that. */
  readonly damage: string | undefined;
}

/** The content has to be in memory as a whole. The message is why, for the end of a sentence. */
export class NoWindowsError extends Error {
  override readonly name = 'NoWindowsError';
}

/** WindowedContent that is in the scanner's memory as a whole, from `start` to `end`. */
export class WholeContent implements WindowedContent {
  readonly damage: string | undefined;
  readonly #window: Window;

  constructor(start: number, end: number, damage: string | undefined) {
    this.damage = damage;
    this.#window = { start, end, position: 0, lastStart: end + 1, isLast: true };
  }

  first(): Window {
    return this.#window;
  }

  advance(): Window {
    throw new RangeError('there is no window behind the last');
  }
}

/** The gzip in the first `length` bytes of the scanner's memory. */
export class GzipWindows implements WindowedContent {
  readonly #scanner: Scanner;
  readonly #length: number;
  readonly #elementBytes: number;
  readonly #start: number;
  readonly #limit: number;
  /** Where what is unpacked ends in memory. */
  #to: number;
  /** Of the content, at `#start`. */
  #position = 0;
  #total = 0;
  #member: GzipMember;
  #ended = false;
  #damage: string | undefined;

  /** @param sizes other than for files: tests have smaller ones. At least 64 KB, a block that DEFLATE stores. */
  constructor(scanner: Scanner, length: number, sizes = { window: windowBytes, element: elementBytes }) {
    this.#scanner = scanner;
    this.#length = length;
    this.#elementBytes = sizes.element;
    this.#start = length + 64;
    this.#to = this.#start;
    this.#member = memberAt(0, this.#start);
    // A position of the scanner keeps 32 KB before it, and the window's size behind it.
    this.#limit = this.#start + historyBytes + sizes.window + sizes.element;
    scanner.room(this.#limit + 64);
  }

  get damage(): string | undefined {
    return this.#damage;
  }

  first(): Window {
    return this.#fill(this.#start);
  }

  /** @throws RangeError when there is more than is read of any file. */
  advance(position: number): Window {
    const needed = position - this.#position + this.#start;
    const kept = Math.max(this.#start, Math.min(needed, this.#to - historyBytes));
    const moved = kept - this.#start;
    this.#scanner.move(kept, this.#to, this.#start);
    this.#to -= moved;
    this.#position += moved;
    this.#member = { ...this.#member, start: Math.max(this.#start, this.#member.start - moved) };
    return this.#fill(needed - moved);
  }

  #fill(needed: number): Window {
    while (!this.#ended && this.#to + 1024 < this.#limit) {
      if (!this.#inflateMore()) break;
    }
    const end = this.#to;
    return {
      start: this.#start,
      end,
      position: this.#position,
      lastStart: this.#ended ? this.#limit + 1 : Math.max(needed + 1, end - this.#elementBytes),
      isLast: this.#ended,
    };
  }

  /** @returns whether there is more to inflate, and room for it. */
  #inflateMore(): boolean {
    const { at, begun, start } = this.#member;
    const from = begun ? undefined : packedFrom(this.#scanner.bytes(0, this.#length), at);
    if (typeof from === 'string') return this.#endDamaged(from);
    const before = this.#to;
    const { status, to, ...inflated } =
      from === undefined
        ? this.#scanner.resume(start, this.#length, before, this.#limit)
        : this.#scanner.inflate(from, this.#length, before, this.#limit);
    this.#to = to;
    this.#total += to - before;
    if (this.#total > maxUnpackedBytes) {
      throw new RangeError(`it unpacks to more than ${maxUnpackedBytes / 1e6} MB; split it`);
    }
    const checksum = crc32(this.#scanner.bytes(before, to), this.#member.checksum);
    this.#member = { at, begun: true, start, bytes: this.#member.bytes + to - before, checksum };
    if (status === 'full') return false;
    if (status === 'cut') return this.#endDamaged(truncated);
    if (status === 'invalid') return this.#endDamaged(corrupt);
    return this.#endMember(inflated.from);
  }

  #endMember(from: number): boolean {
    if (from + 8 > this.#length) return this.#endDamaged(truncated);
    const trailer = this.#scanner.bytes(from, from + 8);
    const { bytes, checksum } = this.#member;
    if (checksum !== trailer.readUInt32LE(0) || bytes % 2 ** 32 !== trailer.readUInt32LE(4)) {
      return this.#endDamaged(wrongChecksum);
    }
    // Bytes behind the last member that are none are padding.
    this.#ended = !isGzip(this.#scanner.bytes(0, this.#length), from + 8);
    this.#member = memberAt(from + 8, this.#to);
    return !this.#ended;
  }

  #endDamaged(damage: string): false {
    this.#damage = damage;
    this.#ended = true;
    return false;
  }
}

/** A member of the gzip that is being unpacked. */
interface GzipMember {
  /** Where its header is in memory. */
  readonly at: number;
  readonly begun: boolean;
  /** Where what is unpacked of it begins in memory, as far as it is still there: nothing in it refers to what is before. */
  readonly start: number;
  readonly bytes: number;
  readonly checksum: number;
}

function memberAt(at: number, start: number): GzipMember {
  return { at, begun: false, start, bytes: 0, checksum: 0 };
}
