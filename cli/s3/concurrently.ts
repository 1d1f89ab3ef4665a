/** Work on many things at a time, within bounds. */

export interface Bounds<T> {
  /** So many are worked on at a time. */
  readonly width: number;
  /** What they may weigh together; one that weighs more is worked on alone. */
  readonly weight?: number;
  readonly weightOf?: (item: T) => number;
}

/**
 * Does `work` for each item, begun in their order. Where it fails once, no more is begun.
 * @returns when no work is under way any more; rejects with the first failure.
 */
export async function inFlight<T>(
  items: Iterable<T>,
  { width, weight = Infinity, weightOf = () => 0 }: Bounds<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let flying = 0;
  let weighing = 0;
  let landed = Promise.withResolvers<void>();
  const fly = async (item: T, weighs: number): Promise<void> => {
    try {
      await work(item);
    } catch (error) {
      failures.push(error);
    }
    flying -= 1;
    weighing -= weighs;
    landed.resolve();
  };
  const landing = async (): Promise<void> => {
    await landed.promise;
    landed = Promise.withResolvers();
  };
  for (const item of items) {
    const weighs = weightOf(item);
    while (flying > 0 && (flying >= width || weighing + weighs > weight)) await landing();
    if (failures.length > 0) break;
    flying += 1;
    weighing += weighs;
    void fly(item, weighs);
  }
  while (flying > 0) await landing();
  if (failures.length > 0) throw failures[0];
}
