/** The setting `allowedAccounts`; where a control sets none, the policy's own list applies. */
import * as z from 'zod/mini';

/**
 * The schema of a list of account ids, empty by default.
 * @param meaning what the accounts may do, as a sentence for the author of a policy.
 * @example z.parse(allowedAccounts('Accounts that may use the key.'), ['111122223333']) // ['111122223333']
 */
export function allowedAccounts(meaning: string) {
  return z
    ._default(z.array(z.string().check(z.regex(/^\d{12}$/, 'must be an account id of 12 digits'))), [])
    .check(z.describe(meaning));
}
