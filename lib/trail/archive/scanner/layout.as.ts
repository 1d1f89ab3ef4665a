// @ts-nocheck: this is AssemblyScript, compiled to WebAssembly by `node scripts/scanner.ts`.
/** Where things are in memory. */

/** One bit for each 16-bit hash of a wanted (eventSource, eventName). */
export const WANTED: usize = 0;
/** One byte for each open bracket: 1 in an object, 0 in an array. */
export const STACK: usize = 8192;
export const MAX_DEPTH: usize = 1_000_000;
/** What inflate works with. */
export const WORK: usize = 1_008_640;
/** Where the host puts a file's bytes, and what they are unpacked to. */
export const INPUT: usize = 1_048_576;
