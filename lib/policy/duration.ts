/** Spans of time as the policy writes them: `15 minutes`, `1 hour`. */

const units = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** `0`, or a whole number and its unit. */
export const durationPattern = /^(0|(0|[1-9]\d{0,6}) (seconds?|minutes?|hours?|days?))$/;

/** The milliseconds in a span that `durationPattern` matches; `undefined` for any other text. */
export function millisecondsIn(written: string): number | undefined {
  if (!durationPattern.test(written)) return undefined;
  const [count, unit = 'seconds'] = written.split(' ');
  for (const [name, milliseconds] of Object.entries(units)) {
    if (unit.startsWith(name)) return Number(count) * milliseconds;
  }
  return undefined;
}

/** A span for people, in the largest unit that tells it whole: `90 minutes`, `1 day`. */
export function durationText(milliseconds: number): string {
  const [unit, size] = Object.entries(units).findLast(([, each]) => milliseconds % each === 0) ?? [
    'millisecond',
    1,
  ];
  const count = milliseconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
