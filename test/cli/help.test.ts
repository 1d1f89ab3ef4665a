/** What `--help` and `completion` say of each command. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../cli/program.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { trailseal, workFolder } from './command.ts';

const program = makeProgram({ signal: new AbortController().signal, end: () => undefined });

/** The commands that do something, by their whole names; not those that stand above others, nor completion's own. */
function leaves(command: Command, name = command.name()): readonly (readonly [string, Command])[] {
  const below = command.commands.filter(
    (one) => !['completion', 'complete', 'start', 'help'].includes(one.name()),
  );
  return below.length === 0
    ? [[name, command]]
    : below.flatMap((one) => leaves(one, `${name} ${one.name()}`));
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (some) => (text += some) });
  command.outputHelp();
  return text;
}

/** A command as a shell takes it apart. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);

describe.each(leaves(program))('%s --help', (name, command) => {
  const help = helpOf(command);
  const examples = (/^Examples:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

  it('fits in 80 columns', () => {
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('has examples of this command, with options and arguments that it takes', () => {
    expect(examples).not.toEqual([]);
    for (const example of examples) {
      expect(example).toMatch(new RegExp(`^${name}( |$)`));
      const [line = ''] = example.slice(name.length).split(' > ');
      const { operands, unknown } = command.parseOptions([...words(line)]);
      expect(unknown).toEqual([]);
      for (const { long, mandatory } of command.options) if (mandatory) expect(words(line)).toContain(long);
      const { registeredArguments: taken } = command;
      expect(operands.length).toBeGreaterThanOrEqual(taken.filter(({ required }) => required).length);
      if (!taken.some(({ variadic }) => variadic)) expect(operands.length).toBeLessThanOrEqual(taken.length);
    }
  });
});

describe('completion', () => {
  it.each([
    ['bash', 'complete -F'],
    ['zsh', '#compdef trailseal'],
    ['fish', 'complete -c trailseal'],
  ])('of %s is a script for it', (shell, part) => {
    const { code, stdout } = trailseal(workFolder(), ['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain(part);
  });

  it('offers commands, the controls, and the values of options', () => {
    const offered = (...line: readonly string[]) => {
      const { stdout } = trailseal(workFolder(), ['complete', '--', ...line]);
      return stdout
        .split('\n')
        .map((one) => one.split('\t')[0] ?? '')
        .filter((one) => one !== '' && !one.startsWith(':'));
    };
    expect(offered('kill')).toEqual(['kill-switch']);
    expect(offered('scan', '--control', '')).toEqual(controls.map(({ id }) => id));
    expect(offered('controls', '')).toEqual(controls.map(({ id }) => id));
    expect(offered('replay', '--fail-on', '')).toContain('CRITICAL');
  });
});
