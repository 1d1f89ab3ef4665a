/** Every record of some bytes, for those who want to see all of them: `trailseal explain`. */

import { compileScanner } from './compile.ts';
import { readBytes, type Trouble } from './reading.ts';
import { Scanner } from './scanner.ts';
import { wantedEvents } from './wanted.ts';

/**
 * @param bytes one file's bytes, in any of the shapes that `reading.ts` tells of.
 * @param file what to call it in the errors.
 * @returns the records as JSON.parse made them (or envelopes around them), and what could not be read.
 */
export function readDocument(
  bytes: Buffer,
  file: string,
): { elements: readonly unknown[]; inputErrors: readonly (Trouble & { readonly file: string })[] } {
  const all = wantedEvents('all');
  const { wanted, troubles, skipped } = readBytes(bytes, new Scanner(compileScanner(), all), all);
  const told = skipped === undefined ? troubles : [...troubles, { reason: skipped }];
  return {
    elements: wanted.map(({ value }) => value),
    inputErrors: told.map((trouble) => ({ file, ...trouble })),
  };
}
