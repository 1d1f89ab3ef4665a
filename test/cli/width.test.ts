/** What is printed fits in the terminal: no word is broken, and no line is wider, but for a name that is longer than one. */
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { trailseal, workFolder } from './command.ts';

const root = path.join(import.meta.dirname, '..', '..');
const archive = path.join(root, 'data', 'sample');
const policy = path.join(root, 'examples', 'policy.active.yml');

afterEach(() => vi.unstubAllEnvs());

/** The lines that a terminal of this width would break. */
function tooWide(width: number, args: readonly string[]): readonly string[] {
  vi.stubEnv('COLUMNS', String(width));
  const { code, stdout } = trailseal(workFolder(), args);
  expect(code).toBe(0);
  // A name, a path or a command that is longer than a line is copied whole.
  const { length } = stdout.split('\n');
  expect(length).toBeGreaterThan(10);
  return stdout.split('\n').filter((line) => [...line].length > width && line.trim().includes(' '));
}

describe.each([80, 100, 120])('in %d columns', (width) => {
  it.each([
    ['a replay', ['replay', archive]],
    ['a replay with a policy that acts', ['replay', '--policy', policy, archive]],
    ['the controls', ['controls']],
    ['a control', ['controls', 'kms-key-policy']],
  ])('%s fits', (_what, args) => {
    expect(tooWide(width, args)).toEqual([]);
  });
});

describe('the list of controls', () => {
  it('is at most 100 columns wide, however wide the terminal is', () => {
    vi.stubEnv('COLUMNS', '200');
    const { stdout } = trailseal(workFolder(), ['controls']);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });
});

describe('a replay', () => {
  it('says what is open before it says what became of the records', () => {
    const { stdout } = trailseal(workFolder(), ['replay', archive]);
    expect(stdout.indexOf('open failures')).toBeLessThan(stdout.indexOf('Of the records'));
  });

  it('shows the whole name of a resource where a line has no place for it beside the rest', () => {
    vi.stubEnv('COLUMNS', '80');
    expect(trailseal(workFolder(), ['replay', archive]).stdout).toContain(
      'a533c493-f4bc-4f92-ba8e-946dcdd231c2\n',
    );
  });
});
