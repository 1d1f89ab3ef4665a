/** What facts say about the resource itself: it was deleted, it is not ready yet, or AWS did not answer. */
import type { Facts } from './control.ts';
import type { Unknown, UnknownReason } from './facts.ts';

/**
 * Whether the resource itself does not exist: it was deleted, or AWS does not show it yet because it was just
 * created.
 * That something the resource refers to was deleted does not count.
 * @param facts of one resource, any number of them.
 * @returns the reason, a clause for people; `undefined` where no fact says so.
 * @example isDeleted({ 'kms.keyState': unknownFact('deleted', 'KMS does not know the key') }) // 'KMS does not know the key'
 */
export function isDeleted(facts: Partial<Facts>): string | undefined {
  return because(['deleted'], unknownFacts(facts));
}

/**
 * Whether AWS is still creating or changing the resource, so that its final state is not known yet.
 * @param facts of one resource, any number of them.
 * @returns the reason, a clause for people; `undefined` where no fact says so.
 * @example isNotReady({ 'eks.logging': unknownFact('not-ready', 'the cluster is CREATING') }) // 'the cluster is CREATING'
 */
export function isNotReady(facts: Partial<Facts>): string | undefined {
  return because(['not-ready'], unknownFacts(facts));
}

/**
 * Whether a call to AWS was throttled or failed, so that a later try may succeed. A denied call does not count,
 * because
 * it stays denied.
 * @param facts of one resource; unknown parts within known facts count too.
 * @returns the reason, a clause for people; `undefined` where AWS answered every call.
 * @example wasNotAnswered({ 'kms.keyState': unknownFact('throttled', 'kms:DescribeKey was throttled') }) // 'kms:DescribeKey was throttled'
 */
export function wasNotAnswered(facts: Partial<Facts>): string | undefined {
  return [...unknownFacts(facts), ...unknownParts(facts)].find(isUnanswered)?.detail;
}

/**
 * Whether one thing is unknown because AWS did not answer (`throttled`, `failed`); see `wasNotAnswered`.
 * @example isUnanswered(unknownFact('denied', 'kms:DescribeKey is denied')) // false
 */
export function isUnanswered({ reason }: Unknown): boolean {
  return reason === 'throttled' || reason === 'failed';
}

function because(reasons: readonly UnknownReason[], unknowns: readonly Unknown[]): string | undefined {
  return unknowns.find(({ reason }) => reasons.includes(reason))?.detail;
}

function unknownFacts(facts: Partial<Facts>): readonly Unknown[] {
  return Object.values(facts).filter((fact): fact is Unknown => !fact.known);
}

/** The unknown parts of known facts, at any depth: a fact may hold facts, of which one may be unknown. */
function unknownParts(facts: Partial<Facts>): readonly Unknown[] {
  const found: Unknown[] = [];
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isUnknown(value)) found.push(value);
    else for (const part of Array.isArray(value) ? value : Object.values(value)) search(part);
  };
  for (const fact of Object.values(facts)) if (fact.known) search(fact.value);
  return found;
}

function isUnknown(value: object): value is Unknown {
  return 'known' in value && value.known === false && 'reason' in value && 'detail' in value;
}
