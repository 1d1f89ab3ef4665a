/** `trailseal policy validate FILE`: is it a policy, and if not, where and why. */
import { controls } from '../../lib/controls/index.ts';
import { parsePolicy } from '../../lib/policy/policy.ts';
import { exitCode } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { policyErrorText, readText } from '../policy-file.ts';

export function runPolicyValidate(file: string, format: 'table' | 'json'): number {
  const parsed = parsePolicy(readText(file), file, controls);
  if (format === 'json') {
    const errors = parsed.ok ? [] : parsed.errors;
    process.stdout.write(`${printableJson({ file, valid: parsed.ok, errors }, 2)}\n`);
    return parsed.ok ? exitCode.fine : exitCode.usage;
  }
  if (!parsed.ok) {
    process.stderr.write(`${policyErrorText(file, parsed.errors)}\n`);
    return exitCode.usage;
  }
  const { policy } = parsed;
  const acting = [...policy.controls.values()].filter(
    ({ enabled, actions }) => enabled && actions.length > 0,
  ).length;
  const enabled = [...policy.controls.values()].filter((control) => control.enabled).length;
  process.stdout.write(
    `${printable(file)} is a valid policy: ${enabled} of ${policy.controls.size} controls enabled, ` +
      `${acting === 0 ? 'all report only' : `${acting} act`}, ${policy.exemptions.length} exemptions.\n`,
  );
  return exitCode.fine;
}
