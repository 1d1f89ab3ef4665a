/** By what a policy is known again, without a place to keep it. */
import { createHash } from 'node:crypto';
import type { PolicyFile } from './schema.ts';

/** The same for the same checked file; two that say the same otherwise (another order of keys) differ. */
export function policyDigest(checked: PolicyFile): string {
  return createHash('sha256').update(JSON.stringify(checked)).digest('hex').slice(0, 16);
}
