import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, shareOf, slices, someOf, suiteOf } from './suite.ts';

const root = path.join(import.meta.dirname, '..');

describe('how much of the slower suites runs', () => {
  it.each([
    [{}, 'full'],
    [{ TRAILSEAL_SUITE: 'full' }, 'full'],
    [{ TRAILSEAL_SUITE: 'slice' }, 'slice'],
  ])('is said by the environment: %j', (env, expected) => {
    expect(suiteOf(env)).toBe(expected);
  });

  it('is not guessed from another word', () => {
    expect(() => suiteOf({ TRAILSEAL_SUITE: 'slcie' })).toThrow(
      'TRAILSEAL_SUITE is "slcie", and has to be full or slice',
    );
  });
});

describe('a slice', () => {
  it.each(['e2e', 'emulator'] as const)('of %s is of files that there are', (suite) => {
    expect(filesOf(suite, 'slice').filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
    expect(filesOf(suite, 'slice')).toHaveLength(slices[suite].length);
  });

  it('of messages is a fifth of them', () => {
    expect([shareOf(17_000, 'full'), shareOf(17_000, 'slice')]).toEqual([17_000, 3_400]);
  });

  it('of courses is the first and every fourth after it', () => {
    expect(someOf([1, 2, 3, 4, 5, 6], 'slice')).toEqual([1, 5]);
    expect(someOf([1, 2], 'full')).toEqual([1, 2]);
  });
});
