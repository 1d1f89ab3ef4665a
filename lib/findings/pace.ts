/** A token bucket: so many calls at once, and so many a second after that. */

export interface PaceOptions {
  readonly perSecond: number;
  /** The most calls that may be made at once, after a while without any. */
  readonly burst: number;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

export class Pace {
  readonly #options: PaceOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.now().getTime();
  }

  /** Resolves when the next call may be made. Whoever asks first goes first. */
  async take(): Promise<void> {
    const { perSecond, burst, now, wait } = this.#options;
    const time = now().getTime();
    // A clock that is set back fills nothing, and takes nothing away.
    const filled = (Math.max(0, time - this.#filledAt) / 1_000) * perSecond;
    this.#filledAt = time;
    // Below zero the tokens are spoken for by those who wait already.
    this.#tokens = Math.min(burst, this.#tokens + filled) - 1;
    if (this.#tokens < 0) await wait(Math.ceil((-this.#tokens / perSecond) * 1_000));
  }
}
