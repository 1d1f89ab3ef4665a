/** The effective policy, for people and for programs. What came from AWS is escaped here. */
import { faultText } from '../../../lib/policy/override.ts';
import type { Change } from '../../kill-switch/parameter.ts';
import { printable, shortened } from '../../output/printable.ts';
import type { Bundled, DeployedPolicy } from './deployed.ts';
import type { Standing } from './effective.ts';

export function standingText(
  { newest, faults, override }: Standing,
  { parameter, at }: DeployedPolicy,
  bundled: Bundled,
): string {
  const name = printable(parameter ?? '');
  const deployed = `the deployed policy${bundled.known ? `, ${printable(bundled.name)}` : ''}${at === undefined ? '' : ` (deployed ${printable(at)})`}`;
  const none =
    parameter === undefined
      ? 'No parameter may override it: deploy with policyParameter for that.'
      : `There is no ${name} that overrides it.`;
  const lines = [
    `In force: ${override === undefined ? deployed : `${name}, ${changeText(override.change)}`}`,
    ...(newest === undefined ? [none] : []),
    ...(faults.length === 0
      ? []
      : [
          `WRONG, and not deleted by: ${name}, ${newest === undefined ? '' : changeText(newest)}`,
          ...faults.map((fault) => `  ${printable(faultText(fault))}`),
        ]),
    ...(newest === undefined || bundled.known ? [] : [unfitText(bundled.because)]),
  ];
  return lines.join('\n');
}

/** Where nobody can tell whether an override asks for more than the deployment may. */
export function unfitText(because: string): string {
  return `Whether it asks for nothing beyond the deployed policy is not known: ${because}`;
}

function changeText({ version, at, by, why }: Change): string {
  const when = at === undefined ? 'at a time not told' : `since ${at.toISOString()}`;
  const who = by === undefined ? '' : `, by ${printable(by)}`;
  return `version ${version ?? '?'}, ${when}${who}${why === undefined || why === '' ? '' : ` (${shortened(why, 400)})`}`;
}

/** For programs. */
export function standingJson(
  { newest, faults, override }: Standing,
  { parameter, at }: DeployedPolicy,
  bundled: Bundled,
): Record<string, unknown> {
  return {
    parameter: parameter ?? null,
    effective: override === undefined ? 'deployed' : 'override',
    override: override === undefined ? null : versionJson(override.change),
    newest: newest === undefined ? null : versionJson(newest),
    faults: faults.map((fault) => ({ ...fault })),
    deployedAt: at ?? null,
    fitKnown: bundled.known,
  };
}

function versionJson({ version, at, by, why }: Change): Record<string, unknown> {
  return { version: version ?? null, at: at?.toISOString() ?? null, by: by ?? null, why: why ?? null };
}
