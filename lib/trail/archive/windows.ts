/**
 * gzip that is unpacked piece by piece, into a window of memory that moves along, so that what a small file unpacks to is
 * never in memory at once. It gives up where something is wrong with the file: what can be saved of it then, `unpack.ts` does.
 */
import { crc32 } from 'node:zlib';
import { isGzip, packedFrom } from './gzip.ts';
import type { Scanner, Window, Windows } from './scanner.ts';

const megabyte = 1_048_576;
/** Of unpacked bytes that are in memory at a time. */
export const windowBytes = 32 * megabyte;
/** An element is begun only where so much of the window follows: longer ones are not for windows. */
const elementBytes = 4 * megabyte;
/** How far back DEFLATE refers. Source: RFC 1951, 3.2.5. */
const historyBytes = 32_768;
/** What unpacks to more is not read: a thread would be busy with it for minutes. */
export const maxUnpackedBytes = 8_000_000_000;

/** The file has to be read as a whole, or not at all: it is damaged, or its elements do not fit. */
export class NoWindowsError extends Error {
  override readonly name = 'NoWindowsError';
}

/** The gzip in the first `length` bytes of the scanner's memory. */
export class GzipWindows implements Windows {
  readonly #scanner: Scanner;
  readonly #length: number;
  readonly #start: number;
  readonly #limit: number;
  /** Where what is unpacked ends in memory. */
  #to: number;
  #total = 0;
  #member = { at: 0, begun: false, bytes: 0, checksum: 0 };
  #ended = false;

  constructor(scanner: Scanner, length: number) {
    this.#scanner = scanner;
    this.#length = length;
    this.#start = length + 64;
    this.#to = this.#start;
    // A position of the scanner keeps 32 KB before it, and the window's size behind it.
    this.#limit = this.#start + historyBytes + windowBytes + elementBytes;
    scanner.room(this.#limit + 64);
  }

  first(): Window {
    return this.#fill(this.#start);
  }

  advance(position: number): Window {
    const kept = Math.max(this.#start, Math.min(position, this.#to - historyBytes));
    this.#scanner.move(kept, this.#to, this.#start);
    this.#to -= kept - this.#start;
    return this.#fill(position - kept + this.#start);
  }

  #fill(start: number): Window {
    while (!this.#ended && this.#to + 1024 < this.#limit) {
      if (!this.#inflateMore()) break;
    }
    const end = this.#to;
    return { start, end, lastStart: this.#ended ? this.#limit + 1 : Math.max(start + 1, end - elementBytes) };
  }

  /** @returns whether there is room for more. */
  #inflateMore(): boolean {
    const { at, begun } = this.#member;
    const from = begun ? undefined : packedFrom(this.#scanner.bytes(0, this.#length), at);
    if (typeof from === 'string') throw new NoWindowsError(from);
    const before = this.#to;
    const inflated =
      from === undefined
        ? this.#scanner.resume(this.#start, this.#length, before, this.#limit)
        : this.#scanner.inflate(from, this.#length, before, this.#limit);
    const { status, to } = inflated;
    this.#to = to;
    this.#total += to - before;
    if (this.#total > maxUnpackedBytes) throw new NoWindowsError('it unpacks to too much');
    const checksum = crc32(this.#scanner.bytes(before, to), this.#member.checksum);
    this.#member = { at, begun: true, bytes: this.#member.bytes + to - before, checksum };
    if (status === 'full') return false;
    if (status !== 'ok') throw new NoWindowsError(`its packed bytes are ${status}`);
    this.#endMember(inflated.from);
    return true;
  }

  #endMember(from: number): void {
    if (from + 8 > this.#length) throw new NoWindowsError('its end is missing');
    const trailer = this.#scanner.bytes(from, from + 8);
    const { bytes, checksum } = this.#member;
    if (checksum !== trailer.readUInt32LE(0) || bytes % 2 ** 32 !== trailer.readUInt32LE(4)) {
      throw new NoWindowsError('its checksum is wrong');
    }
    // Bytes behind the last member that are none are padding.
    this.#ended = !isGzip(this.#scanner.bytes(0, this.#length), from + 8);
    this.#member = { at: from + 8, begun: false, bytes: 0, checksum: 0 };
  }
}
