/** Waits for AWS to finish what a call has started. */
import type { ActionDeps } from '../../../core/action.ts';

export interface RetryDelay {
  readonly everySeconds: number;
  readonly forSeconds: number;
}

/** The time until reads show a write. Source: EC2 Developer Guide, "Eventual consistency". */
export const settling: RetryDelay = { everySeconds: 2, forSeconds: 30 };

/**
 * Repeats a call until it has a result. The time is the sum of the waits, not the clock's.
 * @param ask one try; `undefined` where it has no result yet.
 * @returns the result; `undefined` when there was none in time.
 * @example await until(deps, { everySeconds: 2, forSeconds: 30 }, () => findIsolationGroup(ec2, vpc));
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
