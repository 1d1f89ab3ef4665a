/** What AWS never changes its mind about, kept for the life of the process that made the cache. */
export class Cache {
  readonly #kept = new Map<object, Map<string, unknown>>();

  /**
   * What is kept for one lookup, by what it was asked by.
   * @param owner the lookup itself: nobody else sees what is kept for it.
   */
  of<Value>(owner: object): Map<string, Value> {
    const kept = this.#kept.get(owner) ?? new Map<string, unknown>();
    this.#kept.set(owner, kept);
    // Each owner keeps values of one type, which no type of a map can say.
    return kept as Map<string, Value>;
  }
}
