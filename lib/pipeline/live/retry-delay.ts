/** When, and how often, an unsettled resource is re-evaluated. */

/** Seconds before the second evaluation, the third, …: creating an EKS cluster takes a quarter of an hour or more. */
const delays = [30, 60, 120, 240, 480, 900, 900, 900, 900, 900];

/**
 * The most evaluations of a resource for which AWS did not answer: longer failures are left to the scheduled scan.
 */
const asksInAll = 4;

/**
 * The most evaluations of a resource that AWS still shows after its deletion event: KMS lists a revoked grant for
 * five more minutes, and an instance takes some to shut down before its volumes are deleted.
 */
const readsForTheDeleted = 5;

export type Unsettled = 'not-ready' | 'unanswered' | 'not-there-yet' | 'still-there';

/**
 * The delay before the next evaluation of an unsettled resource.
 * @param unsettled why the evaluation settled nothing.
 * @param attempt the number of that evaluation, from 1.
 * @returns seconds; `undefined` after the last evaluation.
 * @example reEvaluationDelay('not-ready', 1) // 30
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

/**
 * The delay before the next attempt to publish to Security Hub.
 * @param attempt the number of the attempt that failed, from 1.
 * @returns seconds; `undefined` after the last attempt.
 * @example nextPublicationIn(2) // 60
 */
export function nextPublicationIn(attempt: number): number | undefined {
  return attempt <= 12 ? (delays[attempt - 1] ?? 900) : undefined;
}
