/** Commands for people to copy. */
import { printable } from './text.ts';

/**
 * Builds a command line for a POSIX shell. Every word is quoted where it must be, because names that others chose are
 * data; characters other than printable ASCII are escaped, so that they cannot control a terminal.
 * @param words the program and its arguments, unquoted.
 * @returns one line.
 * @example commandLine(['aws', 'kms', 'describe-key', '--key-id', 'alias/a b']) // "aws kms describe-key --key-id 'alias/a b'"
 */
export function commandLine(words: readonly string[]): string {
  return words
    .map(printable)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
