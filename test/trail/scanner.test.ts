import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../lib/trail/archive/compile.ts';
import { sourceSha256 } from '../../lib/trail/archive/scanner/scanner.wasm.ts';
import { type Position, Scanner, wantedIn } from '../../lib/trail/archive/scanner.ts';

const wanted = wantedIn([{ eventSource: 'ec2.amazonaws.com', eventNames: ['RunInstances'] }]);
const scanner = new Scanner(compileScanner(), wanted);

function scan(text: string) {
  const bytes = Buffer.from(text);
  scanner.room(bytes.length).set(bytes);
  scanner.content(0, bytes.length);
  const reported: { text: string; line: number; position: Position }[] = [];
  const host = {
    report: (start: number, end: number, line: number, position: Position) => {
      reported.push({ text: bytes.toString('utf8', start, end), line, position });
    },
    open: () => undefined,
    undo: () => undefined,
  };
  return { ...scanner.scan(0, bytes.length, 1, host), reported };
}

/** Within an object that the scanner reports whole, so that it is one document whatever `text` is. */
const within = (text: string): string => `{"eventName":0,"value":${text}}`;

function isTaken(text: string): boolean {
  const { breakage, reported } = scan(within(text));
  return breakage === undefined && reported.length === 1 && reported[0]?.text === within(text);
}
function isJson(text: string): boolean {
  try {
    JSON.parse(within(text));
    return true;
  } catch {
    // JSON.parse says no: that is the answer.
    return false;
  }
}

/** All texts of up to `length` of the characters. */
function* combinations(characters: readonly string[], length: number): Generator<string> {
  yield '';
  if (length === 0) return;
  for (const rest of combinations(characters, length - 1)) for (const c of characters) yield rest + c;
}

describe('the scanner', () => {
  it('was compiled from the sources beside it', () => {
    const folder = join(import.meta.dirname, '../../lib/trail/archive/scanner');
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith('.as.ts')) hash.update(readFileSync(join(folder, name)));
    }
    expect(hash.digest('hex')).toBe(sourceSha256);
  });

  it.each([
    ['numbers', ['-', '+', '.', 'e', 'E', '0', '1', '9'], 5],
    ['brackets and separators', ['{', '}', '[', ']', ',', ':', '"a"', '1', ' '], 5],
    ['escapes', ['"', '\\', 'u', 'n', '0', 'F', 'g', '\n'], 5],
    ['literals', ['true', 'false', 'null', 'nul', 'fals', 'tru', 'e', 'l', ','], 3],
  ])('takes of all short texts exactly those that JSON.parse takes: %s', (_, characters, length) => {
    const wrong = [...combinations(characters, length)].filter((text) => isTaken(text) !== isJson(text));
    expect(wrong).toEqual([]);
  });

  it('finds what ends or breaks a string at every distance from its start', () => {
    const wrong: string[] = [];
    for (let before = 0; before < 40; before++) {
      for (const special of [
        '"',
        '\\"',
        '\\',
        '\\u00e9',
        '\\u00g9',
        '\u0000',
        '\u001f',
        '\u007f',
        'é',
        '😀',
        '\n',
        '\\x',
      ]) {
        for (const after of [0, 1, 15, 16, 17]) {
          const text = `"${'a'.repeat(before)}${special}${'b'.repeat(after)}"`;
          if (isTaken(text) !== isJson(text)) wrong.push(text);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('takes any value that JSON.stringify makes, with any indentation', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', ' ', '\t'), (value, indentation) => {
        expect(isTaken(JSON.stringify(value, null, indentation))).toBe(true);
      }),
    );
  });

  it('agrees with JSON.parse on a value with one byte changed', () => {
    const changed = fc
      .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom(...'{}[]",:\\ \n0-.eEtfnu\u0000\u001fa'))
      .map(([value, where, character]) => {
        const text = JSON.stringify(value);
        const at = where % text.length;
        return text.slice(0, at) + character + text.slice(at + 1);
      });
    fc.assert(
      fc.property(changed, (text) => {
        expect(isTaken(text)).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('goes down as far as a million levels, and says so when that is not enough', () => {
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(scan(`[${deep(1_000_001)}]`).breakage).toBeUndefined();
    expect(scan(`[${deep(1_000_002)}]`).breakage?.what).toBe('nested more than a million levels deep');
  });

  it('counts a plain record that is not wanted without reporting it', () => {
    const { uninteresting, reported } = scan(
      '{"eventSource":"ec2.amazonaws.com","eventName":"DescribeTags"}',
    );
    expect({ uninteresting, reported }).toEqual({ uninteresting: 1, reported: [] });
  });

  it('is not taken in by names below depth 1 or inside of a string', () => {
    const { uninteresting } = scan(
      `{"requestParameters":{"eventName":"RunInstances","eventSource":"ec2.amazonaws.com"},
        "note":"\\"eventName\\":\\"RunInstances\\"","eventSource":"ec2.amazonaws.com","eventName":"StopInstances"}`,
    );
    expect(uninteresting).toBe(1);
  });

  it.each([
    ['a wanted record', '{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}'],
    ['an escape in a name', '{"eventSource":"ec2.amazonaws.com","eventName":"Describe\\u0054ags"}'],
    [
      'an escape in a key',
      '{"eventSource":"ec2.amazonaws.com","eventName":"DescribeTags","event\\u004eame":"x"}',
    ],
    ['a name that is no string', '{"eventSource":"ec2.amazonaws.com","eventName":["DescribeTags"]}'],
    ['a missing name', '{"eventSource":"ec2.amazonaws.com"}'],
    ['an SQS record', '{"eventSource":"aws:sqs","eventName":"x","body":"{}"}'],
    ['a scalar', '17'],
  ])('reports %s', (_, text) => {
    expect(scan(` \n${text}`).reported).toEqual([{ text, line: 2, position: 'document' }]);
  });

  it('reports records with their line and position', () => {
    const { reported } = scan('{"x":1,\n"Records":[\n1,\n2]}\n[\n3]');
    expect(reported).toEqual([
      { text: '1', line: 3, position: 'record' },
      { text: '2', line: 4, position: 'record' },
      { text: '3', line: 6, position: 'item' },
    ]);
  });

  it('reports where the bytes stop being JSON', () => {
    const { breakage } = scan('{"Records":[{}\n,{"a":01}]}');
    expect(breakage).toEqual({ position: 22, line: 2, what: 'a comma or } was expected', atEnd: false });
  });
});
