/** What is told of a command line that could not be parsed. */
import type { Command } from 'commander';
import { printable } from './output/printable.ts';

/**
 * Commander's message as one line. It repeats what was typed, or what a script got from elsewhere.
 * @param message with a suggestion on a line of its own, where commander has one.
 */
export function usageErrorText(message: string): string {
  const suggestion = /\n(\(Did you mean [^\n]*\?\))\n?$/.exec(message);
  const said = printable(message.slice(0, suggestion?.index).replace(/\n$/, ''));
  return `${said}${suggestion === null ? '' : ` ${printable(suggestion[1] ?? '')}`}\n`;
}

/** Lets every command's errors of usage end with where its help is. */
export function pointToHelp(command: Command, above = ''): void {
  const name = `${above}${command.name()}`;
  command.showHelpAfterError(`see: ${name} --help`);
  for (const below of command.commands) pointToHelp(below, `${name} `);
}
