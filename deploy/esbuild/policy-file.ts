/** The policy file that a deployment is made with. */
import path from 'node:path';
import { policyErrorText, policyFileName, readText } from '../../cli/policy/file.ts';
import type { CheckedPolicy } from '../../lib/policy/bundled.ts';
import { type PolicyError, parsePolicy } from '../../lib/policy/file/parse.ts';
import { controls } from '../../lib/services/catalogue.ts';

/** Which file that is: the one that `TRAILSEAL_POLICY` names, or `trailseal.policy.yml` in the working folder. */
export function policyFileOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['TRAILSEAL_POLICY'] || policyFileName;
}

export type PolicyCheck =
  | { readonly ok: true; readonly policy: CheckedPolicy }
  | { readonly ok: false; readonly text: string; readonly errors: readonly PolicyError[] };

/**
 * Checks a policy file against every control, as `trailseal policy validate` does.
 * @returns the policy, or the file's text and all that is wrong with it.
 * @throws UsageError when the file can't be read.
 */
export function checkPolicyFile(file: string): PolicyCheck {
  const text = readText(file);
  const parsed = parsePolicy(text, file, controls);
  if (!parsed.ok) return { ok: false, text, errors: parsed.errors };
  // Only the name goes into the functions: the folders are those of one machine.
  return { ok: true, policy: { file: path.basename(file), checked: parsed.checked } };
}

/** The policy in a file. @throws Error with the line, column and path of everything that is wrong in it. */
export function checkedPolicyIn(file: string): CheckedPolicy {
  const check = checkPolicyFile(file);
  if (!check.ok) throw new Error(policyErrorText(file, check.errors));
  return check.policy;
}
