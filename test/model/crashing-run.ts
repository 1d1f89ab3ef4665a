/** Runs that crash: after a number of steps every call fails, and nothing that the run would have done is done. */

export class Killed extends Error {
  override readonly name = 'Killed';
}

export class CrashingRun {
  #left: number;
  readonly #turn: () => Promise<unknown>;

  /**
   * @param steps calls that are begun, and answers that are read; without end where left out.
   * @param turn is awaited before each step, so that the steps of several runs may interleave.
   */
  constructor(steps = Number.POSITIVE_INFINITY, turn: () => Promise<unknown> = async () => undefined) {
    this.#left = steps;
    this.#turn = turn;
  }

  /** The call as this run makes it: it may crash before the call, or before it reads the answer. */
  wrap<Args extends readonly unknown[], Answer>(
    call: (...args: Args) => Promise<Answer>,
  ): (...args: Args) => Promise<Answer> {
    return async (...args) => {
      await this.#step();
      const answer = await call(...args);
      await this.#step();
      return answer;
    };
  }

  async #step(): Promise<void> {
    await this.#turn();
    this.#left -= 1;
    if (this.#left < 0) throw new Killed('the run was killed');
  }
}
