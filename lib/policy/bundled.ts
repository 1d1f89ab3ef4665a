/** The policy of a deployment: it was checked when the deployment was made, and is part of the functions' code. */
import type { Control } from '../core/control.ts';
import { assemble, type Policy } from './assemble.ts';
import type { PolicyFile } from './schema.ts';

/** A policy file that `parsePolicy` found right. */
export interface CheckedPolicy {
  /** Its name. */
  readonly file: string;
  readonly checked: PolicyFile;
}

/**
 * The policy for some controls, an evaluator's or all; what the file says of others is left out.
 * @throws TypeError when a control does not accept what was checked: it was checked for other controls than these.
 */
export function bundledPolicy({ file, checked }: CheckedPolicy, controls: readonly Control[]): Policy {
  const { policy, refused } = assemble(checked, file, controls);
  const [first] = refused;
  if (first === undefined) return policy;
  throw new TypeError(
    `the policy ${file} was not checked for these controls (${first.path.join('.')}: ${first.message}); ` +
      'deploy again from one state of the sources',
  );
}
