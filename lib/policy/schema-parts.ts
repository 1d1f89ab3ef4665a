/** Parts of the policy file's schema that several of its keys are made of. */
import * as z from 'zod/mini';

export interface Notes {
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  /** Further keywords of JSON Schema, for what a refinement requires. */
  readonly [keyword: string]: unknown;
}

/** A schema with what editors show about it. */
export function noted<T extends z.ZodMiniType>(schema: T, notes: Notes): T {
  return schema.check(z.meta(notes));
}

export const accountId = z.string().check(z.regex(/^\d{12}$/, 'must be an account id: 12 digits, in quotes'));

export const valuePattern = z.string().check(z.maxLength(256, 'must have at most 256 characters'));

export const tagKey = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(128));

export function listOf<T extends z.ZodMiniType>(item: T) {
  return z.array(item).check(z.minLength(1, 'must have an entry; to leave it open, take the key out'));
}
