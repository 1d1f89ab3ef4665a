/** Works on many items at a time, within bounds. */

export interface ConcurrencyBounds<T> {
  /** Most items at a time. */
  readonly width: number;
  /** Most weight at a time; a heavier item is worked on alone. */
  readonly weight?: number;
  readonly weightOf?: (item: T) => number;
}

/**
 * Calls `work` for each item, in their order. After a failure no other item is begun.
 * @returns when no work is in progress; rejects with the first failure.
 */
export async function concurrently<T>(
  items: Iterable<T>,
  { width, weight = Infinity, weightOf = () => 0 }: ConcurrencyBounds<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let running = 0;
  let runningWeight = 0;
  let finished = Promise.withResolvers<void>();
  const run = async (item: T, itemWeight: number): Promise<void> => {
    try {
      await work(item);
    } catch (error) {
      failures.push(error);
    }
    running -= 1;
    runningWeight -= itemWeight;
    finished.resolve();
  };
  const oneFinished = async (): Promise<void> => {
    await finished.promise;
    finished = Promise.withResolvers();
  };
  for (const item of items) {
    const itemWeight = weightOf(item);
    while (running > 0 && (running >= width || runningWeight + itemWeight > weight)) await oneFinished();
    if (failures.length > 0) break;
    running += 1;
    runningWeight += itemWeight;
    void run(item, itemWeight);
  }
  while (running > 0) await oneFinished();
  if (failures.length > 0) throw failures[0];
}
