/** Commands for people to copy. */
import { printable } from './text.ts';

/**
 * A command line for a POSIX shell: each word quoted where it must be. Names that others gave are data in it, whatever
 * they hold; what is not printable ASCII is escaped, so that it does nothing to a terminal.
 */
export function commandLine(words: readonly string[]): string {
  return words
    .map(printable)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
