/** How long what is under way, or partially completed, is resumed. */

/** Seconds before the second run of a message, the third, …: an update of a cluster takes a quarter of an hour. */
const delays = [60, 60, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900];

/** The longest of them. */
export const longestDelay = 900;

/** @param attempt the run that has ended, from 1. @returns `undefined` when it has been tried often enough. */
export function nextRunIn(attempt: number): number | undefined {
  return delays[attempt - 1];
}
