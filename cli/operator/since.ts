/** `--since`, as a time or as a span before now. */
import { durationPattern, millisecondsIn } from '../../lib/policy/duration.ts';
import { parseTime } from '../../lib/trail/parse.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

/** The journal keeps what is ended for so long; looking further back would ask for many days without any action run. */
const longest = 401 * 86_400_000;

/**
 * @param written `2026-11-21`, `2026-11-21T10:00:00Z`, `2 hours`.
 * @throws UsageError for anything else, and for a time to come.
 */
export function sinceOf(written: string, now: Date): Date {
  const span = durationPattern.test(written) ? millisecondsIn(written) : undefined;
  const time = span === undefined ? parseTime(written) : now.getTime() - span;
  if (time === undefined) {
    throw new UsageError(
      `--since takes a time such as 2026-10-31 or 2026-10-31T06:00:00Z, or a span such as "2 hours", not ${printable(written) || 'nothing'}`,
    );
  }
  if (time > now.getTime()) throw new UsageError('--since takes a time that has passed');
  return new Date(Math.max(time, now.getTime() - longest));
}
