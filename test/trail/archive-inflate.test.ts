import { constants, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../lib/trail/archive/compile.ts';
import { type Inflated, Scanner, wantedIn } from '../../lib/trail/archive/scanner.ts';
import { unpackBytes } from './unpack-bytes.ts';

const scanner = new Scanner(compileScanner(), wantedIn([]));

function inflate(
  packed: Buffer,
  room = 400_000,
): { status: Inflated['status']; bytes: Buffer; from: number } {
  scanner.room(packed.length).set(packed);
  const to = packed.length + 64;
  const inflated = scanner.inflate(0, packed.length, to, to + room);
  return { ...inflated, bytes: Buffer.from(scanner.bytes(to, inflated.to)) };
}

const bytes = fc.uint8Array({ maxLength: 2000 }).map((some) => Buffer.from(some));
/** Few different pieces, again and again: matches of all lengths and distances. */
const repetitive = fc
  .tuple(
    fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 2000 }),
  )
  .map(([pieces, order]) => Buffer.from(order.map((n) => pieces[n % pieces.length] ?? '').join('')));
const runs = fc
  .array(fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 600 })), { maxLength: 60 })
  .map((pairs) => Buffer.concat(pairs.map(([byte, length]) => Buffer.alloc(length, byte))));
/** Bytes of very different frequencies make codes of up to 15 bits. */
const skewed = fc
  .array(fc.nat({ max: 2 ** 20 }), { minLength: 100, maxLength: 6000 })
  .map((numbers) => Buffer.from(numbers.map((n) => Math.clz32(n + 1) * 8 + (n & 7))));
const far = fc
  .tuple(bytes, fc.integer({ min: 0, max: 34_000 }))
  .map(([piece, gap]) => Buffer.concat([piece, Buffer.alloc(gap, 'abcdefghi'), piece]));
const content = fc.oneof(bytes, repetitive, runs, skewed, far);
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FILTERED,
  ),
});
const packed = fc.tuple(content, options).map(([raw, how]) => ({ raw, packed: deflateRawSync(raw, how) }));

describe('inflate', () => {
  it('unpacks what zlib packs, and returns where that ended', () => {
    fc.assert(
      fc.property(packed, fc.uint8Array({ maxLength: 20 }), ({ raw, packed }, behind) => {
        const result = inflate(Buffer.concat([packed, behind]));
        expect(result.status).toBe('ok');
        expect(result.bytes.equals(raw)).toBe(true);
        expect(result.from).toBe(packed.length);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives the beginning of what was packed when the end is missing', () => {
    fc.assert(
      fc.property(packed, fc.nat(), ({ raw, packed }, n) => {
        const cut = packed.subarray(0, n % packed.length);
        const known = inflateRawSync(cut, { finishFlush: constants.Z_SYNC_FLUSH });
        const { status, bytes } = inflate(cut);
        expect(status).toBe('cut');
        expect(bytes.equals(raw.subarray(0, bytes.length))).toBe(true);
        // Not a byte less than zlib, which may hold back what it has no room for, can give.
        expect(bytes.length).toBeGreaterThanOrEqual(known.length);
      }),
      { numRuns: 1500 },
    );
  });

  it('takes and refuses what zlib takes and refuses', () => {
    const damaged = fc
      .tuple(packed, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }))
      .map(([{ packed }, edits]) => {
        const made = Buffer.from(packed);
        for (const [where, byte] of edits) made[where % made.length] = byte;
        return made;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          damaged,
          damaged,
          bytes.filter(({ length }) => length > 0),
        ),
        (some) => {
          const { status, bytes } = inflate(some, 3_000_000);
          const known = zlibs(some);
          expect(status === 'ok').toBe(known !== undefined);
          if (known !== undefined) expect(bytes.equals(known)).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('says when there is not enough room, and touches nothing beyond it', () => {
    const raw = Buffer.alloc(5000, 'abc');
    for (const room of [0, 100, 299, 300, 1000, 4999]) {
      const stored = deflateRawSync(raw);
      scanner.room(20_000).fill(7);
      expect(inflate(stored, room).status).toBe('full');
      const end = stored.length + 64 + room;
      expect(scanner.bytes(end, end + 5000).every((byte) => byte === 7)).toBe(true);
    }
  });
});

function zlibs(some: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(some);
  } catch {
    // zlib refuses it: that is the answer.
    return undefined;
  }
}

describe('unpacking', () => {
  const raw = Buffer.from('{"Records":[]}'.repeat(1000));

  it.each([
    ['one member', gzipSync(raw), raw],
    [
      'several members',
      Buffer.concat([gzipSync(raw), gzipSync('x'), gzipSync(raw)]),
      Buffer.concat([raw, Buffer.from('x'), raw]),
    ],
    [
      'a large member before a tiny one',
      Buffer.concat([gzipSync(Buffer.alloc(1e6, 'a')), gzipSync('')]),
      Buffer.alloc(1e6, 'a'),
    ],
    ['padding behind', Buffer.concat([gzipSync(raw), Buffer.alloc(100)]), raw],
    ['nothing', gzipSync(''), Buffer.alloc(0)],
    ['bytes that are not gzip', raw, raw],
    ['a name, a comment, extra fields and a header checksum', withEverything(raw), raw],
  ])('gives the content of %s', (_, stored, content) => {
    const unpacked = unpackBytes(stored, scanner);
    expect(unpacked.damage).toBeUndefined();
    expect(unpacked.content.equals(content)).toBe(true);
  });

  it('says of gzip cut off anywhere that it is truncated, and gives what comes before', () => {
    const stored = withEverything(raw);
    for (let length = 2; length < stored.length; length++) {
      const { content, damage } = unpackBytes(stored.subarray(0, length), scanner);
      expect(damage).toBe('truncated gzip: the end of the file is missing');
      expect(content.equals(raw.subarray(0, content.length))).toBe(true);
    }
  });

  it.each([
    ['the checksum', 8],
    ['the length', 4],
  ])('notices %s being wrong, and gives the content all the same', (_, fromEnd) => {
    const stored = gzipSync(raw);
    const at = stored.length - fromEnd;
    stored[at] = (stored[at] ?? 0) ^ 1;
    const { content, damage } = unpackBytes(stored, scanner);
    expect(damage).toBe('damaged gzip: its checksum is wrong');
    expect(content.equals(raw)).toBe(true);
  });

  it('notices packed bytes that are not valid', () => {
    const stored = gzipSync(raw);
    stored[10] = 0x07;
    expect(unpackBytes(stored, scanner).damage).toBe('damaged gzip: what is packed in it is not valid');
  });

  it('is not misled by a length that claims more than can be packed', () => {
    const stored = gzipSync('{}');
    stored.writeUInt32LE(0xffffffff, stored.length - 4);
    expect(unpackBytes(stored, scanner).damage).toBe('damaged gzip: its checksum is wrong');
  });
});

/** A gzip member with all that RFC 1952 allows in its header. */
function withEverything(raw: Buffer): Buffer {
  const stored = gzipSync(raw);
  const header = Buffer.from(stored.subarray(0, 10));
  header[3] = 4 | 8 | 16 | 2;
  const fields = Buffer.from('\u0003\u0000abcname\u0000comment\u0000hc', 'latin1');
  return Buffer.concat([header, fields, stored.subarray(10)]);
}

describe('a file that our inflate takes for damaged', () => {
  /** A scanner whose inflate errs: it spoils the last byte of what it unpacked. */
  class Erring extends Scanner {
    override inflate(from: number, end: number, to: number, limit: number): Inflated {
      const inflated = super.inflate(from, end, to, limit);
      this.bytes(inflated.to - 1, inflated.to).fill(0);
      return inflated;
    }
  }
  const erring = () => new Erring(compileScanner(), wantedIn([]));
  const stored = gzipSync('{"Records":[]}');

  it('is whole when zlib can read it', () => {
    const { content, damage } = unpackBytes(stored, erring());
    expect([content.toString(), damage]).toEqual(['{"Records":[]}', undefined]);
  });

  it('is damaged when zlib says so too, and what could be read is kept', () => {
    const spoiled = Buffer.from(stored);
    spoiled.writeUInt32LE(7, spoiled.length - 8);
    const { content, damage } = unpackBytes(spoiled, scanner);
    expect([content.toString(), damage]).toEqual(['{"Records":[]}', expect.stringContaining('checksum')]);
  });
});
