/** Finds and reads the policy that a command uses. */
import { existsSync, readFileSync } from 'node:fs';
import type { Control } from '../../lib/core/control.ts';
import { defaultPolicy } from '../../lib/policy/file/assemble.ts';
import { type PolicyError, parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

/** The policy in the working folder, used where `--policy` is left out. */
export const policyFileName = 'trailseal.policy.yml';

/**
 * The policy in `file`; without one, that in the working folder; without that, the built-in one, which only reports.
 * @returns the policy, and its name for people.
 * @throws UsageError when the file cannot be read or is not a valid policy: nothing is done under a policy with errors.
 */
export function readPolicy(
  file: string | undefined,
  controls: readonly Control[],
): { policy: Policy; name: string } {
  const chosen = file ?? (existsSync(policyFileName) ? policyFileName : undefined);
  if (chosen === undefined) return { policy: defaultPolicy(controls), name: 'built-in (only reports)' };
  const parsed = parsePolicy(readText(chosen), chosen, controls);
  if (parsed.ok) return { policy: parsed.policy, name: chosen };
  throw new UsageError(policyErrorText(chosen, parsed.errors));
}

/** @throws UsageError when it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read ${printable(file)}: ${printable(reason)}`, { cause: error });
  }
}

/** Errors as compilers print them: file, line and column, path, what is wrong, and a hint. */
export function policyErrorText(file: string, errors: readonly PolicyError[]): string {
  return errorsText(policyErrorLines(file, errors));
}

/** Each error or warning with its place, and below it the hint where it has one. */
export function policyErrorLines(file: string, errors: readonly PolicyError[]): readonly string[] {
  return errors.map(({ path, line, column, message, hint }) => {
    const where = `${printable(file)}:${line}:${column}`;
    const what = path === '' ? printable(message) : `${printable(path)}: ${printable(message)}`;
    return hint === '' ? `${where} ${what}` : `${where} ${what}\n    hint: ${printable(hint)}`;
  });
}

/** The lines, one for each error, and their number. */
export function errorsText(lines: readonly string[]): string {
  const count = lines.length === 1 ? '1 error' : `${lines.length} errors`;
  return `${lines.join('\n')}\n${count}: the policy was not used`;
}
