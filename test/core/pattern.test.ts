import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../lib/core/pattern.ts';

/** The same by a regular expression: correct, but slow for texts made to be slow. */
function byExpression(pattern: string, text: string): boolean {
  const source = [...pattern]
    .map((char) => (char === '*' ? '.*' : char === '?' ? '.' : `\\${char}`))
    .join('');
  return new RegExp(`^${source}$`, 's').test(text);
}

describe('a pattern', () => {
  it.each([
    ['arn:aws:ec2:*:*:instance/i-0abc*', 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc1', true],
    ['arn:aws:ec2:*:*:instance/i-0abc*', 'arn:aws:ec2:eu-central-1:111122223333:volume/i-0abc1', false],
    ['prod', 'production', false],
    ['prod*', 'prod', true],
    ['i-?', 'i-', false],
    ['i-?', 'i-1', true],
    ['*', '', true],
    ['', 'x', false],
    ['Prod', 'prod', false],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('means what the regular expression of the same shape means', () => {
    const letters = fc.string({ unit: fc.constantFrom('.', '+', '*', '?', '|'), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        expect(matchesPattern(pattern, text)).toBe(byExpression(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers at once for a text made to be slow', () => {
    const started = performance.now();
    matchesPattern(`${'a*'.repeat(500)}b`, 'a'.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
