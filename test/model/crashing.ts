/** Runs that die: after so many steps, whatever a run asks for fails, and nothing it would have done is done. */

export class Killed extends Error {
  override readonly name = 'Killed';
}

export class Life {
  #left: number;
  readonly #turn: () => Promise<unknown>;

  /**
   * @param steps calls that are begun, and answers that are heard; for ever where left out.
   * @param turn is awaited before each, so that runs may come in each other's way.
   */
  constructor(steps = Number.POSITIVE_INFINITY, turn: () => Promise<unknown> = async () => undefined) {
    this.#left = steps;
    this.#turn = turn;
  }

  /** The call as this run makes it: it may die before the call, or before it hears the answer. */
  of<Args extends readonly unknown[], Answer>(
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
