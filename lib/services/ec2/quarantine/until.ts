/** Waiting for AWS to finish what a call has begun. */
import type { ActionDeps } from '../../../core/action.ts';

export interface RetryDelay {
  readonly everySeconds: number;
  readonly forSeconds: number;
}

/** For what was just written to be seen by reads. Source: EC2 Developer Guide, "Eventual consistency". */
export const settling: RetryDelay = { everySeconds: 2, forSeconds: 30 };

/**
 * Asks until there is an answer. Time is counted by the waits, not by the clock.
 * @returns `undefined` when there was none in time.
 */
export async function until<T>(
  { wait }: Pick<ActionDeps, 'wait'>,
  { everySeconds, forSeconds }: RetryDelay,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let waited = 0; ; waited += everySeconds) {
    const answer = await ask();
    if (answer !== undefined || waited >= forSeconds) return answer;
    await wait(everySeconds * 1_000);
  }
}
