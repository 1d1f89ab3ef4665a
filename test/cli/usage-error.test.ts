import { describe, expect, it } from 'vitest';
import { usageErrorText } from '../../cli/exit.ts';
import { trailseal, workFolder } from './command.ts';

describe('a command line that cannot be parsed', () => {
  it.each([
    [['undo', '--foo\u001b[31m'], String.raw`error: unknown option '--foo\u{1b}[31m'`, 'undo'],
    [['policy', 'push'], "error: missing required argument 'file'", 'policy push'],
    [
      ['breaker', 'show', '--stag', 'x'],
      "error: unknown option '--stag' (Did you mean --stage?)",
      'breaker show',
    ],
  ])('%j is printed without control characters, with where its help is', (args, sentence, command) => {
    const { code, stderr } = trailseal(workFolder(), args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${sentence}\nsee: trailseal ${command} --help\n` });
  });

  it('is printed on one line, whatever was typed', () => {
    expect(usageErrorText("error: unknown option '--a\nb'\n")).toBe(
      `${String.raw`error: unknown option '--a\u{a}b'`}\n`,
    );
  });
});
