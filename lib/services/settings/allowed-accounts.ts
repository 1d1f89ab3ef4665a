/** The setting `allowedAccounts`; the policy's own list stands in where a control sets none. */
import * as z from 'zod/mini';

/** @param meaning what the accounts may do, as a sentence for whoever writes a policy. */
export function allowedAccounts(meaning: string) {
  return z
    ._default(z.array(z.string().check(z.regex(/^\d{12}$/, 'must be an account id of 12 digits'))), [])
    .check(z.describe(meaning));
}
