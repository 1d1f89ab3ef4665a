/** What services need to describe a resource in ASFF and to people. */
import type { Fact } from './facts.ts';

/**
 * The value of a fact that is known.
 * @example knownValue(facts['kms.rotation'])?.enabled
 */
export function knownValue<T>(fact: Fact<T> | undefined): T | undefined {
  return fact?.known ? fact.value : undefined;
}

/**
 * The members that are known, as the strings that ASFF's `Other` holds.
 * @example otherDetails({ encrypted: true, sharedWith: undefined }) // { encrypted: 'true' }
 */
export function otherDetails(
  members: Readonly<Record<string, string | number | boolean | null | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, String(value)]],
    ),
  );
}
