/** The effective policy as text and as JSON. What came from AWS is escaped here. */
import { faultText } from '../../../lib/policy/override.ts';
import type { ParameterVersion } from '../../aws/parameter.ts';
import { versionJson } from '../../kill-switch/text.ts';
import { printable, shortened } from '../../output/printable.ts';
import type { DeployedPolicy, DeployedPolicyFile, OverrideState } from './effective.ts';

export function effectivePolicyText(
  { newest, faults, override }: OverrideState,
  { parameter, deployedAt }: DeployedPolicy,
  file: DeployedPolicyFile,
): string {
  const name = printable(parameter ?? '');
  const deployed = `the deployed policy${file.known ? `, ${printable(file.name)}` : ''}${deployedAt === undefined ? '' : ` (deployed ${printable(deployedAt)})`}`;
  const none =
    parameter === undefined
      ? 'The deployment allows no override: to allow one, deploy with policyParameter.'
      : `There is no override in ${name}.`;
  const lines = [
    `In effect: ${override === undefined ? deployed : `${name}, ${versionText(override.version)}`}`,
    ...(newest === undefined ? [none] : []),
    ...(faults.length === 0
      ? []
      : [
          `INVALID and not in effect: ${name}, ${newest === undefined ? '' : versionText(newest)}`,
          ...faults.map((fault) => `  ${printable(faultText(fault))}`),
        ]),
    ...(newest === undefined || file.known ? [] : [uncheckedText(file.because)]),
  ];
  return lines.join('\n');
}

/** Where the override cannot be checked against the deployed policy. */
export function uncheckedText(because: string): string {
  return `Not checked whether the override goes beyond the deployed policy: ${because}`;
}

function versionText({ version, at, actor, reason = '' }: ParameterVersion): string {
  const time = at === undefined ? 'since an unknown time' : `since ${at.toISOString()}`;
  const by = actor === undefined ? '' : `, by ${printable(actor)}`;
  return `version ${version ?? '?'}, ${time}${by}${reason === '' ? '' : ` (${shortened(reason, 400)})`}`;
}

export function effectivePolicyJson(
  { newest, faults, override }: OverrideState,
  { parameter, deployedAt }: DeployedPolicy,
  file: DeployedPolicyFile,
) {
  return {
    parameter: parameter ?? null,
    effective: override === undefined ? 'deployed' : 'override',
    override: override === undefined ? null : overrideJson(override.version),
    newest: newest === undefined ? null : overrideJson(newest),
    errors: faults.map((fault) => ({ ...fault })),
    deployedAt: deployedAt ?? null,
    checkedAgainstDeployed: file.known,
  };
}

function overrideJson(version: ParameterVersion) {
  const { value: _, ...json } = versionJson(version);
  return json;
}
