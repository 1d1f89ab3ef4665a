/** The kill switch, for people and for programs. What came from AWS is escaped here. */
import type { KillSwitch } from '../../lib/remediation/kill-switch.ts';
import { printable, shortened } from '../output/printable.ts';
import type { Change } from './parameter.ts';

/** So many changes are shown. */
const shown = 10;

export function switchText({ state, because }: KillSwitch): string {
  switch (state) {
    case 'disengaged':
      return 'disengaged: what the policy asks for is done';
    case 'engaged':
      return 'PULLED: nothing is changed';
    case 'unreadable':
      return `UNREADABLE, so that nothing is changed: ${printable(because ?? 'nothing tells why')}`;
  }
}

/** A line for each change, newest first. */
export function changesText(changes: readonly Change[]): string {
  const lines = changes.slice(0, shown).map(({ value, at, by, why }) => {
    const when = at === undefined ? 'at a time not told' : at.toISOString();
    const who = by === undefined ? '' : ` by ${printable(by)}`;
    return `  ${when} ${shortened(value, 40)}${who}${why === undefined || why === '' ? '' : ` (${shortened(why, 400)})`}`;
  });
  const more = changes.length - lines.length;
  return [...lines, ...(more > 0 ? [`  and ${more} before`] : [])].join('\n');
}

/** For programs. */
export function changeJson({ version, value, at, by, why }: Change): Record<string, unknown> {
  return {
    version: version ?? null,
    value,
    at: at?.toISOString() ?? null,
    by: by ?? null,
    why: why ?? null,
  };
}
