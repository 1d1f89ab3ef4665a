/** How the `trailseal` command ends: exit codes, the errors behind them, and what is printed for a wrong command line. */
import type { Command } from 'commander';
import { printable } from './output/printable.ts';

/** Documented in the README and in `trailseal --help`. */
export const exitCode = {
  success: 0,
  /** `--fail-on` or `--fail-on-change` was reached, `doctor` found a failure, or a person did not agree. */
  failure: 1,
  /** The command line, the policy or the credentials are wrong; nothing was done. */
  usage: 2,
  /** Some input could not be read, and the rest was processed; or AWS was not reached, or did not return what was needed. */
  incomplete: 3,
  /** An error in Trailseal itself; its stack is on stderr. */
  internal: 70,
  /** Ended by Ctrl-C; files that were written are complete. */
  interrupted: 130,
} as const;

/** Something that the person at the command line has to correct: printed without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** AWS was not reached, or did not return what the command needs: printed without a stack, exit code 3. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

/**
 * Commander's message on one line. It repeats what was typed, or what a script took from elsewhere, so that it is escaped.
 * @param message with a suggestion on a line of its own, where Commander has one.
 */
export function usageErrorText(message: string): string {
  const suggestion = /\n(\(Did you mean [^\n]*\?\))\n?$/.exec(message);
  const sentence = printable(message.slice(0, suggestion?.index).replace(/\n$/, ''));
  return `${sentence}${suggestion === null ? '' : ` ${printable(suggestion[1] ?? '')}`}\n`;
}

/** Makes every command's usage error end with where its help is. */
export function pointToHelp(command: Command, parent = ''): void {
  const name = `${parent}${command.name()}`;
  command.showHelpAfterError(`see: ${name} --help`);
  for (const subcommand of command.commands) pointToHelp(subcommand, `${name} `);
}
