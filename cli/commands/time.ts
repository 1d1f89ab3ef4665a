/** Times as they are typed: a time, or a span before now. */
import { millisecondsIn } from '../../lib/policy/duration.ts';
import { parseTime } from '../../lib/trail/parse.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

const units: Readonly<Record<string, string>> = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days' };

/** For the help of an option that takes a time. */
export const timeForms =
  'a time (2026-10-31T06:00:00Z; UTC if no zone is given) or a span before now (2h, 3d, 1w)';

/**
 * The time that is written, in epoch milliseconds.
 * @param written `2026-11-21`, `2026-11-21T10:00:00Z`; or a span before now: `2h`, `3d`, `1w`, `2 hours`.
 * @param option that holds it, for the message.
 * @throws UsageError for anything else.
 * @example timeOf('2h', new Date('2026-11-21T12:00:00Z'), '--since') // Date.parse('2026-11-21T10:00:00Z')
 */
export function timeOf(written: string, now: Date, option: string): number {
  const span = spanOf(written);
  const time = span === undefined ? parseTime(written) : now.getTime() - span;
  if (time === undefined) {
    throw new UsageError(
      `${option} takes a time such as 2026-10-31 or 2026-10-31T06:00:00Z, or a span such as 2h, 3d or 1w, not ${
        printable(written) || 'nothing'
      }`,
    );
  }
  return time;
}

function spanOf(written: string): number | undefined {
  const short = /^(\d{1,6})([smhdw])$/.exec(written);
  if (short === null) return millisecondsIn(written);
  const [, count = '', unit = ''] = short;
  return unit === 'w'
    ? millisecondsIn(`${Number(count) * 7} days`)
    : millisecondsIn(`${Number(count)} ${units[unit]}`);
}
