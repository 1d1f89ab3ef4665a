/** Occasions that are told together: a storm of one kind is one message. Pure. */
import { type Severity, severities } from '../core/control.ts';
import type { Kind, Occasion } from './occasion.ts';

/** Of one kind, in one account and Region, by one control, and where it is about an action, of one action. */
export interface Group {
  readonly kind: Kind;
  readonly account: string;
  readonly region: string;
  readonly control: Occasion['control'];
  readonly action: string | undefined;
  /** The worst of its members'. */
  readonly severity: Severity;
  /** The worst first; of each finding only the newest. Never empty. */
  readonly members: readonly [Occasion, ...Occasion[]];
  /** The ids of all events in it, those of older occasions of the same findings included, in order. */
  readonly ids: readonly string[];
}

/**
 * @param occasions in any order; one that is there twice counts once.
 * @returns the groups in the order in which the first of each happened.
 */
export function groupsOf(occasions: readonly Occasion[]): readonly Group[] {
  const once = [...new Map(occasions.map((occasion) => [occasion.id, occasion])).values()];
  const requested = once.toSorted((one, other) => one.sequence - other.sequence || order(one.id, other.id));
  const grouped = Map.groupBy(requested, ({ kind, account, region, control, action }) =>
    JSON.stringify([kind, account, region, control.id, action]),
  );
  return [...grouped.values()].flatMap((some) => {
    const newest = new Map(some.map((occasion) => [occasion.finding, occasion]));
    const [worst, ...others] = [...newest.values()].toSorted(
      (one, other) => rank(other.severity) - rank(one.severity) || one.sequence - other.sequence,
    );
    if (worst === undefined) return [];
    const { kind, account, region, control, action, severity } = worst;
    const ids = some.map(({ id }) => id).toSorted(order);
    return [{ kind, account, region, control, action, severity, members: [worst, ...others], ids }];
  });
}

function rank(severity: Severity): number {
  return severities.indexOf(severity);
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
