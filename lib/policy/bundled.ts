/** The policy of a deployment: it was checked when the deployment was made, and is part of the functions' code. */
import { createHash } from 'node:crypto';
import type { Control } from '../core/control.ts';
import { assemble } from './file/assemble.ts';
import type { PolicyFile } from './file/schema.ts';
import type { Policy } from './model.ts';

/** A policy file without errors, as `parsePolicy` checked it. */
export interface CheckedPolicy {
  /** The name of the file. */
  readonly file: string;
  readonly checked: PolicyFile;
}

/**
 * The policy for some controls: those of an evaluator, or all. What the file says about other controls is left out.
 * @throws TypeError when a control does not accept its settings: the file was checked for other controls.
 */
export function bundledPolicy({ file, checked }: CheckedPolicy, controls: readonly Control[]): Policy {
  const { policy, rejected } = assemble(checked, file, controls);
  const [first] = rejected;
  if (first === undefined) return policy;
  throw new TypeError(
    `the policy ${file} was not checked for these controls (${first.path.join('.')}: ${first.message}); ` +
      'deploy again, with all functions built from the same sources',
  );
}

/**
 * Identifies a checked policy file, so that the deployed one can be compared without being stored.
 * @returns 16 hexadecimal digits. Files that differ in the order of keys alone have different digests.
 */
export function policyDigest(checked: PolicyFile): string {
  return createHash('sha256').update(JSON.stringify(checked)).digest('hex').slice(0, 16);
}
