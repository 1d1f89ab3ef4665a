/** Who was told of what, as far as it is remembered: the newest only, and no longer than the process lives. */
export class Told {
  readonly #most: number;
  readonly #keys = new Set<string>();

  constructor(most = 20_000) {
    this.#most = most;
  }

  has(target: string, event: string): boolean {
    return this.#keys.has(JSON.stringify([target, event]));
  }

  add(target: string, events: readonly string[]): void {
    for (const event of events) this.#keys.add(JSON.stringify([target, event]));
    for (const key of this.#keys) {
      if (this.#keys.size <= this.#most) return;
      this.#keys.delete(key);
    }
  }
}
