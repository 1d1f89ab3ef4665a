/**
 * What the facts tell of the resource itself: that it was deleted, that it is not ready yet, or that AWS did not
 * answer. Each gives the detail, a clause for people, or `undefined` where it is not so.
 */
import type { Facts } from './control.ts';
import type { Unknown, UnknownReason } from './facts.ts';

/** The resource itself is not there: not any more or, if it was just made, not yet. What it refers to may be deleted. */
export function isDeleted(facts: Partial<Facts>): string | undefined {
  return because(['deleted'], unknownFacts(facts));
}

/** The resource is still being made or changed, so that AWS does not tell yet how it will be. */
export function isNotReady(facts: Partial<Facts>): string | undefined {
  return because(['not-ready'], unknownFacts(facts));
}

/**
 * AWS was asked and did not answer, which may be otherwise in a while: a throttled or failed call. A denial lasts,
 * and is none.
 */
export function wasNotAnswered(facts: Partial<Facts>): string | undefined {
  return [...unknownFacts(facts), ...unknownParts(facts)].find(isUnanswered)?.detail;
}

/** The same of one thing that is unknown. */
export function isUnanswered({ reason }: Unknown): boolean {
  return reason === 'throttled' || reason === 'failed';
}

function because(reasons: readonly UnknownReason[], unknowns: readonly Unknown[]): string | undefined {
  return unknowns.find(({ reason }) => reasons.includes(reason))?.detail;
}

function unknownFacts(facts: Partial<Facts>): readonly Unknown[] {
  return Object.values(facts).filter((fact): fact is Unknown => !fact.known);
}

/** What is unknown within facts that are known otherwise, however deep: an unknown fact is one wherever it stands. */
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
