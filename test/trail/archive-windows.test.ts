import { constants, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../lib/trail/archive/compile.ts';
import { readBytes } from '../../lib/trail/archive/reading.ts';
import { Scanner, wantedIn } from '../../lib/trail/archive/scanner.ts';
import { GzipWindows, NoWindowsError, windowBytes } from '../../lib/trail/archive/windows.ts';

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
    ['it is cut off', gzipSync(archive, { level: 1 }).subarray(0, -9), 'truncated gzip'],
    ['its checksum is wrong', spoiled(gzipSync(archive, { level: 1 })), 'checksum'],
    [
      'a line of it is broken',
      gzipSync(Buffer.concat([lines, Buffer.from('\n{"oops')]), { level: 1 }),
      'skipped',
    ],
  ])('is read as a whole where %s, which says what is wrong and keeps the rest', (_, stored, reason) => {
    const { wanted: found, errors } = readBytes(stored, scanner, wanted);
    expect(found.length).toBeGreaterThan(690);
    expect(errors.map((error) => error.reason)).toEqual([expect.stringContaining(reason)]);
  });

  it('is read as a whole where an element is longer than a window keeps for one', () => {
    const long = `{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","a":"${'x'.repeat(40_000_000)}"}`;
    const content = Buffer.from(`[${records.slice(0, 30_000).join(',')},${long},${records.join(',')}]`);
    const reading = readBytes(gzipSync(content, { level: 1 }), scanner, wanted);
    // The first 300 of the second list are copies of those before it.
    expect({ found: reading.wanted.length, errors: reading.errors }).toEqual({ found: 701, errors: [] });
  });
});

it('windows end with an error where the packed bytes do', () => {
  const stored = gzipSync(archive, { level: 1 }).subarray(0, 1_000);
  scanner.room(stored.length).set(stored);
  expect(() => new GzipWindows(scanner, stored.length).first()).toThrow(NoWindowsError);
});

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
