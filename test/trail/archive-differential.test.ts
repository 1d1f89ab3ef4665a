import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../lib/trail/archive/compile.ts';
import { type FileReading, readBytes } from '../../lib/trail/archive/reading.ts';
import { Scanner, wantedIn } from '../../lib/trail/archive/scanner.ts';
import { referenceRead } from './archive-reference.ts';
import { unpackBytes } from './unpack-bytes.ts';

const wanted = wantedIn([
  { eventSource: 'ec2.amazonaws.com', eventNames: ['RunInstances', 'CreateVolume'] },
  { eventSource: 'kms.amazonaws.com', eventNames: ['DisableKey'] },
  { eventSource: 'x', eventNames: ['y'] },
]);
const scanner = new Scanner(compileScanner(), wanted);

function fast(bytes: Buffer) {
  const { uninteresting, rejected, wanted: found, errors }: FileReading = readBytes(bytes, scanner, wanted);
  const lines = errors.flatMap(({ line }) => (line === undefined ? [] : [line]));
  return counted({ uninteresting, rejected, wanted: found, lines });
}

/** Each wanted value once, with how often it came: the fast reader counts copies, and does not keep them. */
function counted(reading: {
  readonly uninteresting: number;
  readonly rejected: number;
  readonly wanted: readonly { readonly value: unknown; readonly line: number; readonly copies?: number }[];
  readonly lines: readonly number[];
}) {
  const groups = Map.groupBy(reading.wanted, ({ value }) => JSON.stringify(value));
  const wantedOnce = [...groups.values()].map((group) => ({
    value: group[0]?.value,
    line: group[0]?.line,
    copies: group.reduce((sum, { copies = 1 }) => sum + copies, 0),
  }));
  return { ...reading, wanted: wantedOnce };
}

const slow = (...input: Parameters<typeof referenceRead>) => counted(referenceRead(...input));

/** A string as JSON, one way or another: escapes are allowed for any character. */
const written = (value: string) =>
  fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 5 }).map((dice) => {
    const units = Array.from({ length: value.length }, (_, index) => {
      const escaped = `\\u${value.charCodeAt(index).toString(16).padStart(4, '0')}`;
      return dice[index % dice.length] === 0 ? escaped : JSON.stringify(value.charAt(index)).slice(1, -1);
    });
    return `"${units.join('')}"`;
  });
const plainly = (value: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(JSON.stringify(value)) },
    { weight: 1, arbitrary: written(value) },
  );
const oneOf = (...values: string[]) => fc.constantFrom(...values).chain(plainly);

const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t', '\r\n', '\n  ');
const scalar = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1e5',
    '12.50',
    '-7E-2',
    '""',
    '{}',
    '[]',
    '{ }',
    '[\n]',
  ),
  fc.string({ maxLength: 40 }).chain(plainly),
  fc.string({ unit: 'grapheme', maxLength: 20 }).chain(written),
);
const key = oneOf(
  'eventSource',
  'eventName',
  'Records',
  'detail',
  'detail-type',
  'body',
  'a',
  'eventNam',
  '__proto__',
  '',
);

/** A piece of JSON made of others, with white space anywhere. */
function bracketed(open: string, parts: readonly string[], close: string, blanks: readonly string[]): string {
  const blank = (index: number): string => blanks[index % Math.max(1, blanks.length)] ?? '';
  return `${open}${parts.map((part, index) => `${blank(index)}${part}${blank(index + 1)}`).join(',')}${close}`;
}
const blanks = fc.array(space, { maxLength: 4 });
const member = (k: fc.Arbitrary<string>, v: fc.Arbitrary<string>) =>
  fc.tuple(k, space, space, v).map(([name, before, after, value]) => `${name}${before}:${after}${value}`);

const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('object')),
  list: fc.tuple(fc.array(tie('value'), { maxLength: 3 }), blanks).map(([v, b]) => bracketed('[', v, ']', b)),
  object: fc
    .tuple(fc.array(member(key, tie('value')), { maxLength: 4 }), blanks)
    .map(([v, b]) => bracketed('{', v, '}', b)),
}));

const source = oneOf('ec2.amazonaws.com', 'kms.amazonaws.com', 's3.amazonaws.com', 'x', 'aws:sqs', '');
const name = oneOf('RunInstances', 'DisableKey', 'DescribeInstances', 'GetObject', 'y', '');
/** Its members in any order, now and then with one missing, or there twice. */
const record = fc
  .tuple(
    fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 3 }),
    fc.tuple(
      member(plainly('eventSource'), source),
      member(plainly('eventName'), name),
      member(plainly('requestParameters'), value),
      member(key, value),
      member(plainly('eventName'), fc.oneof(name, value)),
      member(plainly('userAgent'), fc.string({ maxLength: 60 }).chain(plainly)),
    ),
    blanks,
  )
  .map(([order, members, b]) =>
    bracketed(
      '{',
      order.map((index) => members[index] ?? ''),
      '}',
      b,
    ),
  );
const plainRecord = fc
  .tuple(member(fc.constant('"eventSource"'), source), member(fc.constant('"eventName"'), name), value)
  .map(([s, n, v]) => `{${s},"requestParameters":${v},${n}}`);
const envelope = record.map(
  (inner) => `{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":${inner}}`,
);
const queued = record.map((inner) => `{"eventSource":"aws:sqs","body":${JSON.stringify(inner)}}`);
const element = fc.oneof(
  { weight: 5, arbitrary: plainRecord },
  { weight: 5, arbitrary: record },
  { weight: 1, arbitrary: envelope },
  { weight: 1, arbitrary: queued },
  { weight: 1, arbitrary: value },
);

const recordsFile = fc
  .tuple(
    fc.array(member(key, value), { maxLength: 1 }),
    plainly('Records'),
    fc.array(element, { maxLength: 5 }),
    blanks,
    fc.array(member(key, value), { maxLength: 1 }),
  )
  .map(([before, name, elements, b, after]) =>
    bracketed('{', [...before, `${name}:${bracketed('[', elements, ']', b)}`, ...after], '}', b),
  );
const arrayFile = fc
  .tuple(fc.array(fc.oneof(element, element, recordsFile), { maxLength: 5 }), blanks)
  .map(([elements, b]) => bracketed('[', elements, ']', b));
const oneLine = (text: string): string => text.replace(/[\r\n]/g, ' ');
const linesFile = fc
  .tuple(
    fc.array(fc.oneof(element, element, recordsFile).map(oneLine), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('\n', '\r\n', '\n\n'),
  )
  .map(([elements, end]) => elements.join(end) + end);
const documentsFile = fc
  .tuple(fc.array(fc.oneof(element, recordsFile, arrayFile), { maxLength: 4 }), space)
  .map(([documents, between]) => documents.join(between));
const file = fc
  .tuple(
    fc.oneof(recordsFile, arrayFile, linesFile, linesFile, documentsFile),
    space,
    space,
    fc.constantFrom('', '', '\ufeff'),
  )
  .map(([text, before, after, mark]) => Buffer.from(`${mark}${before}${text}${after}`));

const changes = [
  '',
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\n',
  '\n\n',
  '0',
  '.',
  'e',
  '\u0001',
  '\u00e9',
  '\xff',
  'null',
  '{"a":1}\n',
];
const broken = fc
  .tuple(
    file,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom(...changes)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([bytes, edits]) => {
    let made = bytes;
    for (const [where, removed, put] of edits) {
      const at = made.length === 0 ? 0 : where % made.length;
      made = Buffer.concat([made.subarray(0, at), Buffer.from(put, 'latin1'), made.subarray(at + removed)]);
    }
    return made;
  });

function agree(bytes: Buffer): void {
  expect(fast(bytes)).toEqual(slow(bytes, wanted.has));
}

describe('the fast reader and the one that parses everything agree', () => {
  it('on archives of every shape', () => {
    fc.assert(fc.property(file, agree), { numRuns: 3000 });
  });

  it('on archives broken at random bytes', () => {
    fc.assert(fc.property(broken, agree), { numRuns: 4000 });
  });

  it('on archives cut off anywhere', () => {
    const cut = fc.tuple(file, fc.nat()).map(([bytes, n]) => bytes.subarray(0, n % (bytes.length + 1)));
    fc.assert(fc.property(cut, agree), { numRuns: 2000 });
  });

  it('on gzip cut off anywhere', () => {
    const cut = fc.tuple(file, fc.nat()).map(([bytes, n]) => {
      const stored = gzipSync(bytes);
      return stored.subarray(0, 2 + (n % (stored.length - 2)));
    });
    fc.assert(
      fc.property(cut, (stored) => {
        const content = Buffer.from(unpackBytes(stored, scanner).content);
        expect(fast(stored)).toEqual(slow(content, wanted.has, true));
      }),
      { numRuns: 2000 },
    );
  });

  const folder = join(import.meta.dirname, '../../../shared/data');
  const real = existsSync(folder) ? globSync(join(folder, '**/*.{json,txt}')) : [];

  it.skipIf(real.length === 0)('on real records', () => {
    const disagreed = real.filter((path) => {
      const bytes = readFileSync(path);
      return JSON.stringify(fast(bytes)) !== JSON.stringify(slow(bytes, wanted.has));
    });
    expect(disagreed).toEqual([]);
  });

  it.skipIf(real.length === 0)('on real records, each file broken at a random byte', () => {
    const small = real.map((path) => readFileSync(path)).filter(({ length }) => length < 20_000);
    const edit = fc.tuple(fc.constantFrom(...small), fc.nat(), fc.constantFrom(...changes));
    const edited = edit.map(([bytes, where, put]) => {
      const at = where % bytes.length;
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(put, 'latin1'), bytes.subarray(at + 1)]);
    });
    fc.assert(fc.property(edited, agree), { numRuns: 500 });
  });
});
