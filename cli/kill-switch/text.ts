/** The kill switch as text and as JSON. What came from AWS is escaped here. */
import type { KillSwitch } from '../../lib/remediation/kill-switch.ts';
import type { ParameterVersion } from '../aws/parameter.ts';
import { printable, shortened } from '../output/printable.ts';

/** How many versions are shown. */
const shown = 10;

export function switchText({ state, because }: KillSwitch): string {
  switch (state) {
    case 'disengaged':
      return 'disengaged: actions are carried out as the policy says';
    case 'engaged':
      return 'ENGAGED: no resource is changed';
    case 'unreadable':
      return `UNREADABLE, so that no resource is changed: ${printable(because ?? 'for an unknown reason')}`;
  }
}

/** A line for each version, newest first. */
export function versionsText(versions: readonly ParameterVersion[]): string {
  const lines = versions.slice(0, shown).map(({ value, at, actor, reason = '' }) => {
    const time = at === undefined ? 'at an unknown time' : at.toISOString();
    const by = actor === undefined ? '' : ` by ${printable(actor)}`;
    return `  ${time} ${shortened(value, 40)}${by}${reason === '' ? '' : ` (${shortened(reason, 400)})`}`;
  });
  const more = versions.length - lines.length;
  return [...lines, ...(more > 0 ? [`  and ${more} earlier`] : [])].join('\n');
}

export function versionJson({ version, value, at, actor, reason }: ParameterVersion) {
  return {
    version: version ?? null,
    value,
    at: at?.toISOString() ?? null,
    actor: actor ?? null,
    reason: reason ?? null,
  };
}
