/** How long, and how often, what is not settled yet is looked at again. */

/** Seconds before the second look, the third, …: an EKS cluster takes a quarter of an hour to be made, or more. */
const delays = [30, 60, 120, 240, 480, 900, 900, 900, 900, 900];

/** What AWS did not answer is asked so often in all: longer troubles are left to the scheduled scan. */
const asksInAll = 4;

/**
 * What an event says was deleted and AWS still shows is looked at so often in all: KMS lists a revoked grant for five
 * minutes more, and an instance takes some to shut down before its volumes go.
 */
const readsForTheDeleted = 5;

export type Unsettled = 'not-ready' | 'unanswered' | 'not-there-yet' | 'still-there';

/**
 * Seconds until the next look at what was unsettled at look number `attempt` (from 1).
 * @returns `undefined` when there have been looks enough.
 */
export function reEvaluationDelay(unsettled: Unsettled, attempt: number): number | undefined {
  const most = {
    'not-ready': delays.length + 1,
    unanswered: asksInAll,
    'not-there-yet': 2,
    'still-there': readsForTheDeleted,
  }[unsettled];
  return attempt < most ? delays[attempt - 1] : undefined;
}

/** Seconds until Security Hub is told again of what it did not take at attempt number `attempt`; as above. */
export function nextPublicationIn(attempt: number): number | undefined {
  return attempt <= 12 ? (delays[attempt - 1] ?? 900) : undefined;
}
