import { constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../lib/trail/archive/compile.ts';
import { maxWholeBytes, readBytes, readContent } from '../../lib/trail/archive/reading.ts';
import { Scanner, wantedIn } from '../../lib/trail/archive/scanner.ts';
import { loadBytes } from '../../lib/trail/archive/unpack.ts';
import { GzipWindows, NoWindowsError, WholeContent, windowBytes } from '../../lib/trail/archive/windows.ts';
import { unpackBytes } from './unpack-bytes.ts';

const wanted = wantedIn([{ eventSource: 'ec2.amazonaws.com', eventNames: ['RunInstances'] }]);
const compiled = compileScanner();
/** The same memory for all: what one file leaves in it must not show in the next. */
const scanner = new Scanner(compiled, wanted);

/** Records of different lengths, more than two windows hold, every hundredth wanted. */
const records = Array.from({ length: 70_000 }, (_, n) => {
  const name = n % 100 === 0 ? 'RunInstances' : 'DescribeInstances';
  const filling = 'é"\\ '.repeat((n * 7919) % 400);
  return JSON.stringify({ eventID: String(n), eventSource: 'ec2.amazonaws.com', eventName: name, filling });
});
const archive = Buffer.from(`{"Records":[${records.join(',\n')}]}`);
const lines = Buffer.from(records.join('\n'));
const third = Math.floor(lines.length / 3);

describe('gzip that unpacks to more than two windows', () => {
  it.each([
    ['an archive', archive, gzipSync(archive, { level: 1 })],
    ['a record a line', lines, gzipSync(lines, { level: 1 })],
    ['blocks that are stored', archive, gzipSync(archive, { level: 0 })],
    ['a fixed code', lines, gzipSync(lines, { level: 1, strategy: constants.Z_FIXED })],
    [
      'several members',
      lines,
      Buffer.concat([
        gzipSync(lines.subarray(0, third), { level: 1 }),
        gzipSync(lines.subarray(third, 2 * third), { level: 1 }),
        gzipSync(lines.subarray(2 * third), { level: 1 }),
      ]),
    ],
    ['several archives, with white space longer than a window between them', ...spaced()],
    ['a byte order mark', ...marked()],
  ])('reads as its content does: %s', (_, content, stored) => {
    expect(content.length).toBeGreaterThan(2 * windowBytes);
    expect(readBytes(stored, scanner, wanted)).toEqual(
      readBytes(content, new Scanner(compiled, wanted), wanted),
    );
  });

  it.each([
    ['it is cut off', gzipSync(archive, { level: 1 }).subarray(0, -20_000), 'truncated gzip'],
    ['its trailer is missing', gzipSync(archive, { level: 1 }).subarray(0, -5), 'truncated gzip'],
    ['lines of it are cut off', gzipSync(lines, { level: 1 }).subarray(0, -20_000), 'truncated gzip'],
    ['its checksum is wrong', spoiled(gzipSync(archive, { level: 1 })), 'checksum is wrong'],
    ['what is packed is not valid', invalid(), 'not valid'],
    [
      'a second member is cut off in its header',
      Buffer.concat([gzipSync(lines, { level: 1 }), Buffer.from([0x1f, 0x8b, 8, 0])]),
      'truncated gzip',
    ],
  ])('is read up to the damage where %s, as a file that ends there', (_, stored, damage) => {
    const content = Buffer.from(unpackBytes(stored, scanner).content);
    expect(content.length).toBeGreaterThan(2 * windowBytes);
    const whole = readBytes(content, new Scanner(compiled, wanted), wanted);
    const reading = withoutWholeContent(stored);
    // An undamaged file has as its error, where it has one, that its JSON ends too early.
    const cutLine = whole.rejected;
    expect({ ...reading, errors: [] }).toEqual({ ...whole, rejected: 0, errors: [] });
    const count = 70_000 - missing(content);
    expect(reading.uninteresting + reading.wanted.length).toBe(count);
    expect(cutLine).toBeLessThanOrEqual(1);
    expect(reading.errors).toEqual([{ reason: expect.stringContaining(damage) }]);
    expect(reading.errors[0]?.reason).toMatch(
      new RegExp(`, after record ${count}; the records before it were read$`),
    );
  });

  it('is read past a broken line', () => {
    const broken = Buffer.concat([lines, Buffer.from('\n{"oops\n'), lines.subarray(0, third)]);
    const reading = withoutWholeContent(gzipSync(broken, { level: 1 }));
    expect(reading).toEqual(readBytes(broken, new Scanner(compiled, wanted), wanted));
    expect(reading.errors.map(({ line }) => line)).toEqual([70_001, expect.any(Number)]);
  });

  it('is read up to where its JSON breaks, and says so of a damage behind it too', () => {
    const broken = Buffer.concat([archive.subarray(0, third), Buffer.from('\u0001'), archive]);
    const stored = gzipSync(broken, { level: 1 });
    const whole = readBytes(broken, new Scanner(compiled, wanted), wanted);
    expect(whole.errors.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('broken JSON at byte'),
    ]);
    expect(withoutWholeContent(stored)).toEqual(whole);
    const both = withoutWholeContent(spoiled(stored));
    expect(both.errors).toEqual([
      whole.errors[0],
      { reason: expect.stringMatching(/^damaged gzip: its checksum/) },
    ]);
  });

  it('is read as a whole where an element is longer than a window keeps for one', () => {
    const long = `{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","a":"${'x'.repeat(40_000_000)}"}`;
    const content = Buffer.from(`[${records.slice(0, 30_000).join(',')},${long},${records.join(',')}]`);
    const reading = readBytes(gzipSync(content, { level: 1 }), scanner, wanted);
    // The first 300 of the second list are copies of those before it.
    expect({ found: reading.wanted.length, errors: reading.errors }).toEqual({ found: 701, errors: [] });
  });
});

it('gzip that has to be in memory as a whole, and is too large for that, is not read, and says what to do', () => {
  const piece = Buffer.from(`${records.slice(1, 20_000).join(',')},`);
  const pieces = Array.from({ length: Math.ceil(maxWholeBytes / piece.length) }, () => piece);
  const long = `{"a":"${'x'.repeat(2 * windowBytes)}"}`;
  const stored = gzipSync(Buffer.concat([Buffer.from('['), ...pieces, Buffer.from(`${long}]`)]), {
    level: 1,
  });
  const { read, errors } = readBytes(stored, new Scanner(compiled, wanted), wanted);
  expect(read).toBe(false);
  expect(errors.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(
      /^could not be read: what is at byte \d+ is too long to be read in parts, and it unpacks to more than 512 MB; unpack it, and split it/,
    ),
  ]);
});

describe('content in windows', () => {
  /** Pieces of which a file is made: lines and lists, whole ones and broken ones, across lines and on one. */
  const some = (count: number, between: string) =>
    fc.integer({ min: 0, max: records.length - count }).map((n) => records.slice(n, n + count).join(between));
  const piece = fc.oneof(
    { weight: 4, arbitrary: some(30, '\n').map((text) => `${text}\n`) },
    { weight: 2, arbitrary: some(30, ',\n').map((text) => `{"Records":[${text}]}\n`) },
    { weight: 1, arbitrary: some(30, ',').map((text) => `[${text}]`) },
    { weight: 1, arbitrary: fc.constantFrom('\n', ' '.repeat(30_000), '17', '{"a":1}\n', '\n{"a":[\n1]}\n') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'oops',
        '{"Records":[\n',
        '{"a":',
        '\n{"a\n',
        '"',
        ']',
        '{"Rec\\u006frds":[]}',
      ),
    },
  );
  const file = fc.array(piece, { minLength: 1, maxLength: 16 }).map((pieces) => Buffer.from(pieces.join('')));
  const sizes = { window: 66_000, element: 8_000 };

  it('reads as it does in memory as a whole, damaged or not', () => {
    let read = 0;
    const damages = fc.tuple(
      file,
      fc.constantFrom('none', 'cut', 'checksum', 'bytes'),
      fc.nat(),
      fc.nat(255),
    );
    fc.assert(
      fc.property(damages, ([content, kind, where, byte]) => {
        let stored: Buffer = gzipSync(content, { level: 1 });
        const at = 10 + (where % (stored.length - 10));
        if (kind === 'cut') stored = stored.subarray(0, at);
        if (kind === 'checksum') stored = spoiled(stored);
        if (kind === 'bytes') stored[at] = byte;
        const unpacked = unpackBytes(stored, scanner);
        const { start, content: bytes, damage } = unpacked;
        const whole = readContent(new WholeContent(start, start + bytes.length, damage), scanner, wanted);
        const windows = new GzipWindows(scanner, loadBytes(stored, scanner), sizes);
        try {
          expect(readContent(windows, scanner, wanted)).toEqual(whole);
          if (bytes.length > 2 * sizes.window) read++;
        } catch (error) {
          // It has to be read as a whole, and is.
          if (!(error instanceof NoWindowsError)) throw error;
        }
      }),
      { numRuns: 1_500 },
    );
    expect(read).toBeGreaterThan(300);
  });
});

/** How many of the records do not end before the content does. */
function missing(content: Buffer): number {
  const text = content.toString('utf8');
  return records.length - text.split('{"eventID"').length + 1 + (isWhole(text) ? 0 : 1);
}

function isWhole(text: string): boolean {
  return records.some((record) => text.endsWith(record)) || text.endsWith(']}');
}

/** @throws Error where it would be unpacked as a whole: that takes as much memory as it unpacks to. */
function withoutWholeContent(stored: Buffer) {
  const fresh = new Scanner(compiled, wanted);
  return readContent(new GzipWindows(fresh, loadBytes(stored, fresh)), fresh, wanted);
}

/** The archive's gzip, uncompressed, with a late block whose length and its complement do not agree. */
function invalid(): Buffer {
  const stored = gzipSync(archive, { level: 0 });
  let block = 10;
  for (let next = block; next < stored.length * 0.9; next += 5 + stored.readUInt16LE(next + 1)) block = next;
  stored[block + 3] = 0xff - (stored[block + 3] ?? 0);
  return stored;
}

function spaced(): [Buffer, Buffer] {
  const blank = Buffer.alloc(windowBytes + 1_000_000, ' \n');
  const content = Buffer.concat([archive, blank, archive]);
  return [content, gzipSync(content, { level: 1 })];
}

function marked(): [Buffer, Buffer] {
  const content = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), archive]);
  return [content, gzipSync(content, { level: 1 })];
}

function spoiled(stored: Buffer): Buffer {
  stored.writeUInt32LE(7, stored.length - 8);
  return stored;
}
