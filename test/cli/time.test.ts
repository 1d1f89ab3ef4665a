import { expect, it } from 'vitest';
import { timeOf } from '../../cli/commands/time.ts';

const now = new Date('2026-11-21T12:00:00Z');

it.each([
  ['2h', '2026-11-21T10:00:00.000Z'],
  ['90m', '2026-11-21T10:30:00.000Z'],
  ['30s', '2026-11-21T11:59:30.000Z'],
  ['3d', '2026-11-18T12:00:00.000Z'],
  ['1w', '2026-11-14T12:00:00.000Z'],
  ['2 hours', '2026-11-21T10:00:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2026-11-20T08:00:00+02:00', '2026-11-20T06:00:00.000Z'],
])('%s is the time %s', (written, time) => {
  expect(new Date(timeOf(written, now, '--since')).toISOString()).toBe(time);
});

it.each(['yesterday', '', '2 h', '-2h', '1y', '2026-02-30', '99999999d'])('"%s" is no time', (written) => {
  expect(() => timeOf(written, now, '--until')).toThrow(
    /^--until takes a time such as .* such as 2h, 3d or 1w/,
  );
});
