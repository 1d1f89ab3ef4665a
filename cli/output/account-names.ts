/** Names of accounts: no event has them. */
import * as z from 'zod/mini';
import { UsageError } from '../exit.ts';
import { readText } from '../policy/file.ts';
import { printable } from './printable.ts';

const accountId = z.string().check(z.regex(/^\d{12}$/));
const namesSchema = z.union([
  z.object({ Accounts: z.array(z.object({ Id: accountId, Name: z.string() })) }),
  z.record(accountId, z.string()),
]);

/**
 * The names in a file: what `aws organizations list-accounts` prints, or an object of names by account id.
 * @param file `undefined` for no names.
 * @throws UsageError when it cannot be read, or is neither.
 */
export function readAccountNames(file: string | undefined): ReadonlyMap<string, string> {
  if (file === undefined) return new Map();
  const text = readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notNames(file, error);
  }
  const parsed = namesSchema.safeParse(value);
  if (!parsed.success) throw notNames(file, parsed.error);
  const names = parsed.data;
  return 'Accounts' in names && Array.isArray(names.Accounts)
    ? new Map(names.Accounts.map(({ Id, Name }) => [Id, Name]))
    : new Map(Object.entries(names as Record<string, string>));
}

function notNames(file: string, cause: unknown): UsageError {
  return new UsageError(
    `--account-names ${printable(file)} holds no names of accounts: it takes what \`aws organizations list-accounts --output json\` prints, or {"111122223333": "production"}`,
    { cause },
  );
}
