/**
 * The policy file of the deployment, checked. As it stands here, the file is read when this module is loaded, which
 * is what tests and a function that runs from its sources need. A bundle holds the checked data in place of this
 * module (`deploy/esbuild/policy.ts`), so that neither YAML nor the policy's schema is part of it.
 */
import { checkedPolicyIn, policyFileOf } from '../deploy/esbuild/policy-file.ts';
import type { CheckedPolicy } from '../lib/policy/bundled.ts';

/** @throws Error when the module is loaded and the file can't be read or is wrong. */
export const checkedPolicy: CheckedPolicy = checkedPolicyIn(policyFileOf(process.env));
