/**
 * Work that computes for long gives way now and then: signals, progress and timers have their turn, and an abort ends it.
 * Node handles none of them while JavaScript runs, awaited promises that are settled already included.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long others wait at most, in milliseconds: a progress bar moves, and Ctrl-C seems to end at once. */
const interval = 25;

/**
 * @example
 * const turns = new Turns(signal);
 * for (const event of events) {
 *   await turns.giveWay();
 *   …
 * }
 */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #next = performance.now() + interval;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Lets others have their turn if it is time. @throws the signal's reason when aborted. */
  giveWay(): Promise<void> | undefined {
    return performance.now() < this.#next ? undefined : this.#giveWay();
  }

  async #giveWay(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#next = performance.now() + interval;
  }
}
