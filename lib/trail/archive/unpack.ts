/**
 * From a file to the bytes of its content, in the scanner's memory: unpacked when they are gzip (by what they
 * are, not by their name). gzip is RFC 1952; its packed part is for `scanner/inflate.as.ts`.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import { corrupt, isGzip, packedFrom, truncated, wrongChecksum } from './gzip.ts';
import type { Scanner } from './scanner.ts';
import { windowBytes } from './windows.ts';

/** For the stored bytes and the unpacked ones each. More than any delivery of CloudTrail's. */
export const maxBytes = 1_900_000_000;

export interface Unpacked {
  /** In the scanner's memory, until it is given another file. */
  readonly content: Buffer;
  /** Where it starts there. */
  readonly start: number;
  /** Why the file is not whole, where it is not. What is here came before that. */
  readonly damage: string | undefined;
}

/**
 * Brings a file's bytes, as they are stored, to the start of the scanner's memory.
 * @returns how many there are.
 * @throws what the file system throws; RangeError when there is more than memory can hold.
 */
export function loadFile(file: string, scanner: Scanner): number {
  const kind = statSync(file);
  if (kind.isDirectory()) throw new Error('it is a folder');
  if (kind.isFIFO()) throw new Error('it is a named pipe; write it to a file first');
  if (!kind.isFile()) throw new Error('it is a device or a socket, not a file');
  const descriptor = openSync(file, 'r');
  try {
    const stat = fstatSync(descriptor);
    // The size of a file of /proc is not known beforehand.
    if (stat.size === 0) return loadBytes(readToEnd(descriptor), scanner);
    const stored = scanner.room(allowed(stat.size));
    let length = 0;
    while (length < stored.length) {
      const read = readSync(descriptor, stored, length, stored.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return length;
  } finally {
    closeSync(descriptor);
  }
}

/** @throws RangeError when there is no end within what memory can hold. */
function readToEnd(descriptor: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(1 << 20);
    const read = readSync(descriptor, chunk, 0, chunk.length, null);
    if (read === 0) return Buffer.concat(chunks, length);
    length = allowed(length + read);
    chunks.push(chunk.subarray(0, read));
  }
}

/** The same for bytes that are somewhere else in memory. */
export function loadBytes(bytes: Buffer, scanner: Scanner): number {
  scanner.room(allowed(bytes.length)).set(bytes);
  return bytes.length;
}

/** @throws RangeError for more bytes than memory can hold. */
export function allowed(length: number): number {
  if (length <= maxBytes) return length;
  throw tooLarge();
}

export function tooLarge(): RangeError {
  return new RangeError(
    `it is larger than ${maxBytes / 1e6} MB unpacked; split it, for example one record a line`,
  );
}

/** Most bytes for which zlib is asked too: it needs memory of its own for them. */
const secondOpinionBytes = 2 * windowBytes;

/**
 * The first `length` bytes of the scanner's memory, unpacked there if they are gzip.
 * @param most bytes that are unpacked.
 * @returns `undefined` when it would be more.
 */
export function unpack(length: number, scanner: Scanner, most: number): Unpacked | undefined {
  const unpacked = unpackBehind(length, scanner, most);
  if (unpacked?.damage !== corrupt && unpacked?.damage !== wrongChecksum) return unpacked;
  if (unpacked.content.length > secondOpinionBytes) return unpacked;
  // zlib has the last word on what is damaged: should our inflate ever err, that costs time and not records.
  try {
    const maxOutputLength = Math.min(most, secondOpinionBytes);
    const content = gunzipSync(scanner.bytes(0, length), { maxOutputLength });
    scanner.room(content.length).set(content);
    return { content: scanner.content(0, content.length), start: 0, damage: undefined };
  } catch {
    return unpacked;
  }
}

/** The same by our own inflate, which writes where the scanner reads, and keeps what came before a damage. */
function unpackBehind(length: number, scanner: Scanner, most: number): Unpacked | undefined {
  if (!isGzip(scanner.bytes(0, length), 0)) {
    return { content: scanner.content(0, length), start: 0, damage: undefined };
  }
  const start = length + 64;
  let end = start;
  const done = (damage?: string): Unpacked => ({ content: scanner.content(start, end), start, damage });
  // One member after the other; bytes behind them that are none are padding, as for gunzip.
  for (let member = 0; member === 0 || isGzip(scanner.bytes(0, length), member); ) {
    const packed = packedFrom(scanner.bytes(0, length), member);
    if (typeof packed === 'string') return done(packed);
    // The last four bytes are the unpacked length of the (last) member: a hint, trusted as far as deflate can reach.
    const hint = length < 18 ? 0 : scanner.bytes(0, length).readUInt32LE(length - 4);
    let room = Math.min(Math.max(hint, 2 * length), 1032 * length, most) + 1024;
    let inflated = scanner.inflate(packed, length, end, end + room);
    while (inflated.status === 'full') {
      if (room > most) return undefined;
      room = Math.min(2 * room, most + 1024);
      inflated = scanner.inflate(packed, length, end, end + room);
    }
    const memberStart = end;
    end = inflated.to;
    if (end - start > most) return undefined;
    if (inflated.status === 'invalid') return done(corrupt);
    if (inflated.status === 'cut' || inflated.from + 8 > length) return done(truncated);
    const trailer = scanner.bytes(inflated.from, inflated.from + 8);
    if (crc32(scanner.bytes(memberStart, end)) !== trailer.readUInt32LE(0)) return done(wrongChecksum);
    if ((end - memberStart) % 2 ** 32 !== trailer.readUInt32LE(4)) return done(wrongChecksum);
    member = inflated.from + 8;
  }
  return done();
}
