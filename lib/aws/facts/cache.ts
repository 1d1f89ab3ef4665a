/** Caches facts that never change, for the life of the process. */
export class Cache {
  readonly #kept = new Map<object, Map<string, unknown>>();

  /**
   * The cached values of one lookup, by id.
   * @param owner the lookup itself: other lookups do not see its values.
   */
  of<Value>(owner: object): Map<string, Value> {
    const kept = this.#kept.get(owner) ?? new Map<string, unknown>();
    this.#kept.set(owner, kept);
    // Each owner stores values of one type, which the type of a map cannot express.
    return kept as Map<string, Value>;
  }
}
