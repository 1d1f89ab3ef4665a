/** The last day on which something holds, `YYYY-MM-DD` in UTC. */

const day = 86_400_000;

/** The first moment at which it no longer holds, epoch milliseconds: the end of that day. */
export function endOf(lastDay: string): number {
  return Date.parse(`${lastDay}T00:00:00Z`) + day;
}
