/** What Ctrl-C and SIGTERM do. */

const signals = ['SIGINT', 'SIGTERM'] as const;

let handler: (() => void) | undefined;

/** Calls `handle` at each of these signals, from now on. */
export function onInterrupt(handle: () => void): void {
  handler = handle;
  listen();
}

/**
 * Does work that computes without a pause and leaves nothing unfinished behind. A signal ends the process at once, as no
 * handler would be called before the work is done.
 * @returns the result of `work`.
 * @example const text = computing(() => renderReport(input));
 */
export function computing<T>(work: () => T): T {
  if (handler !== undefined) for (const signal of signals) process.off(signal, handler);
  try {
    return work();
  } finally {
    listen();
  }
}

function listen(): void {
  if (handler !== undefined) for (const signal of signals) process.on(signal, handler);
}
