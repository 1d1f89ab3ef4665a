/** What came of importing findings into Security Hub. */
import { asffLimits } from './asff-limits.ts';
import { type OffBecause, type Refusal, reasonOf } from './import-failure.ts';

/**
 * Every finding is in one of the three lists; only where `off` is set, those that were not
 * taken before are in none: their publication is still pending, and another try at once would fail too.
 */
export interface ImportResult {
  /** By the findings' ids, as in the other lists. */
  readonly accepted: readonly string[];
  /** For good: the same finding would be refused again. */
  readonly refused: readonly Refused[];
  /** Security Hub could not take them now, however often it was asked. */
  readonly deferred: readonly Deferred[];
  readonly off?: Off;
}

export interface Refused extends Refusal {
  readonly id: string;
}

export interface Deferred {
  readonly id: string;
  readonly reason: string;
}

/** Security Hub takes nothing in this account and Region. */
export interface Off {
  readonly because: OffBecause;
  readonly account: string;
  /** What is so and what to do about it, for people; in it, Security Hub's own words. */
  readonly message: string;
}

/** @param stop what Security Hub answered. */
export function offIn(
  account: string,
  { because, refusal }: { readonly because: OffBecause; readonly refusal: Refusal },
): Off {
  const message = {
    'not-enabled': `Security Hub is not enabled in account ${account} in this Region: enable it there, or switch off publishing`,
    denied: `importing findings into Security Hub is denied in account ${account}: allow securityhub:BatchImportFindings`,
  }[because];
  return { because, account, message: `${message} (${reasonOf(refusal)})` };
}

/** A finding that is larger than Security Hub takes, whatever is left out of it. */
export function tooLarge({ id, bytes }: { readonly id: string; readonly bytes: number }): Refused {
  const most = asffLimits.findingBytes;
  return {
    id,
    code: 'FindingTooLarge',
    message: `it has ${bytes} bytes without its details, tags and product fields, and Security Hub takes ${most}`,
  };
}
