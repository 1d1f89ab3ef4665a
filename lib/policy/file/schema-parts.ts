/** Parts that several keys of the policy file's schema share. */
import * as z from 'zod/mini';

/** What editors show about a part of the schema. */
export interface Notes {
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  /** Further keywords of JSON Schema, which say what a refinement requires. */
  readonly [keyword: string]: unknown;
}

/** A schema with notes for editors. */
export function noted<T extends z.ZodMiniType>(schema: T, notes: Notes): T {
  return schema.check(z.meta(notes));
}

/** An AWS account id: 12 digits. */
export const accountId = z.string().check(z.regex(/^\d{12}$/, 'must be an account id: 12 digits, in quotes'));

/** A pattern of a tag's value: AWS allows values of 256 characters. */
export const valuePattern = z.string().check(z.maxLength(256, 'must have at most 256 characters'));

/** A tag's key: AWS allows 1 to 128 characters. */
export const tagKey = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(128));

/** A list that is not empty: an empty list of criteria would match nothing, or everything. */
export function listOf<T extends z.ZodMiniType>(item: T) {
  return z.array(item).check(z.minLength(1, 'must have an entry; to match everything, remove the key'));
}
