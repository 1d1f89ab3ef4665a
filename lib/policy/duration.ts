/** Durations as people write and read them: `15 minutes`, `1 hour`. */

const units = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** `0`, or a whole number and its unit. */
export const durationPattern = /^(0|(0|[1-9]\d{0,6}) (seconds?|minutes?|hours?|days?))$/;

/**
 * The duration in a text, in milliseconds; `undefined` for a text that `durationPattern` does not match.
 * @example millisecondsIn('15 minutes') // 900000
 */
export function millisecondsIn(written: string): number | undefined {
  if (!durationPattern.test(written)) return undefined;
  const [count, unit = 'seconds'] = written.split(' ');
  for (const [name, milliseconds] of Object.entries(units)) {
    if (unit.startsWith(name)) return Number(count) * milliseconds;
  }
  return undefined;
}

/**
 * A duration for people, in the largest unit of which it is a whole number.
 * @example durationText(5_400_000) // '90 minutes'
 */
export function durationText(milliseconds: number): string {
  const [unit, size] = Object.entries(units).findLast(([, each]) => milliseconds % each === 0) ?? [
    'millisecond',
    1,
  ];
  const count = milliseconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
