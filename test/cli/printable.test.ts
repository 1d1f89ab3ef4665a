import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, shortened } from '../../cli/output/printable.ts';

describe('text from an event on a terminal', () => {
  it.each([
    ['an escape sequence', '\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['a new line', 'one\ntwo', 'one\\u{a}two'],
    ['an 8-bit control', '\u009b31m', '\\u{9b}31m'],
    ['a bidirectional override', 'a\u202eb', 'a\\u{202e}b'],
    ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
    ['a character of a tag', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a filler that shows nothing', 'a\u3164b', 'a\\u{3164}b'],
  ])('shows %s as an escape', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('stays as it is where it is harmless, in any script', () => {
    expect(printable('Zoë 东京 🙂')).toBe('Zoë 东京 🙂');
  });

  it('is cut in its middle where both ends matter', () => {
    expect(shortened('abcdefghij', 5, 'middle')).toBe('ab…ij');
  });

  it('is never longer than the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 3, max: 40 }), (text, limit) => {
        expect([...shortened(text, limit, 'middle')].length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('JSON on a terminal', () => {
  it('has the same value as any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(JSON.parse(printableJson(value)))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('has no control character, including 8-bit ones', () => {
    expect(printableJson({ name: '\u009b31m\u202e\u001b' })).toBe('{"name":"\\u009b31m\\u202e\\u001b"}');
  });
});
