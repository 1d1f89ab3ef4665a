/** Runs `trailseal policy validate`. */
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { controls } from '../../lib/services/catalogue.ts';
import type { OutputFormat } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { policyErrorText, readText } from './file.ts';

/** @returns the exit code: 2 where the file is not a valid policy. */
export function runPolicyValidate(file: string, format: OutputFormat): number {
  const parsed = parsePolicy(readText(file), file, controls);
  if (format === 'json') {
    const errors = parsed.ok ? [] : parsed.errors;
    process.stdout.write(`${printableJson({ file, valid: parsed.ok, errors }, 2)}\n`);
    return parsed.ok ? exitCode.success : exitCode.usage;
  }
  if (!parsed.ok) {
    process.stderr.write(`${policyErrorText(file, parsed.errors)}\n`);
    return exitCode.usage;
  }
  process.stdout.write(`${validText(file, parsed.policy)}\n`);
  return exitCode.success;
}

function validText(
  file: string,
  { controls: settings, customActions, broadPermissions, exemptions }: Policy,
): string {
  const enabled = [...settings.values()].filter((control) => control.enabled);
  const acting = enabled.filter(({ actions }) => actions.length > 0).length;
  const parts = [
    `${enabled.length} of ${settings.size} controls enabled`,
    acting === 0 ? 'none with actions' : `${acting} with actions`,
    ...(customActions.length === 0
      ? []
      : [`custom actions: ${new Intl.ListFormat('en-GB').format(customActions)}`]),
    ...(broadPermissions.length === 0
      ? []
      : [`permissions that IAM cannot narrow for ${new Intl.ListFormat('en-GB').format(broadPermissions)}`]),
    `${exemptions.length} ${exemptions.length === 1 ? 'exemption' : 'exemptions'}`,
  ];
  return `${printable(file)} is a valid policy: ${parts.join('; ')}.`;
}
