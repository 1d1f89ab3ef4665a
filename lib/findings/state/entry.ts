/**
 * An entry of the state table: all that is known of one control's verdicts on one resource. Pure. The same observations
 * make the same entry in whatever order they come and however often, because they are kept, each once, in the
 * order in which they were made, and the finding is always made anew from all of them.
 */
import type { Control, Resource } from '../../core/control.ts';
import type { Finding } from '../finding.ts';
import { findingId } from '../id.ts';
import { foldFinding, type Observation, type ObservedVerdict } from '../lifecycle.ts';
import { boundedFinding, boundedKey, boundedObservation } from './bounds.ts';

/** An observation with the key that identifies it, and when it was made. */
export interface StoredObservation extends Observation {
  /** The event's id, or that of a re-evaluation. An observation whose key is known already changes nothing. */
  readonly key: string;
  /**
   * Epoch milliseconds: just before the facts began to be read, so that of two the later knows the newer state; of
   * a deletion event that no facts could confirm, the time of the event. Observations are ordered by it.
   */
  readonly at: number;
}

export interface Entry {
  /** The finding's id, whether or not there ever was a finding. */
  readonly id: string;
  readonly control: string;
  /** As the latest observation has it; the observations themselves are kept without its tags. */
  readonly resource: Resource;
  /** The latest ones, oldest first; of their `details` the latest alone. */
  readonly observations: readonly StoredObservation[];
  /** What came of all older ones; `undefined` while none was dropped. */
  readonly base: Base | undefined;
  /** What came of all observations; `undefined` while nothing failed or was unknown. */
  readonly finding: Finding | undefined;
  readonly details: Details;
}

/** What came of observations that are no longer kept, and the last of them: an earlier one comes too late. */
export interface Base extends Pick<StoredObservation, 'at' | 'key'> {
  readonly finding: Finding | undefined;
  /** `undefined` also where a later observation has them. */
  readonly details: Details;
}

type Details = ObservedVerdict['details'];

/** How many observations are kept one by one: one that comes later than that many newer ones is not taken into account. */
export const remembered = 12;

/**
 * Whether the observation has been taken into account, or can't be any more.
 * @example knows(entry, { key: event.id, at: readAt }) // true when the observation was taken into account before
 */
export function knows(entry: Entry | undefined, observation: Pick<StoredObservation, 'key' | 'at'>): boolean {
  if (entry === undefined) return false;
  const { at } = observation;
  const key = boundedKey(observation.key);
  return (
    entry.observations.some((kept) => kept.key === key) ||
    (entry.base !== undefined && inOrder({ key, at }, entry.base) <= 0)
  );
}

/**
 * The entry with one more observation taken into account, which is kept within bounds (`bounds.ts`).
 * @returns the entry itself, not a copy, when the observation changes nothing.
 * @example const entry = withObservation(undefined, control, { key: event.id, at: readAt, cause: event, resource, result });
 */
export function withObservation(
  entry: Entry | undefined,
  control: Control,
  observation: StoredObservation,
): Entry {
  if (entry !== undefined && knows(entry, observation)) return entry;
  const id = entry?.id ?? findingId(control.id, observation.resource);
  const { key, at } = observation;
  const added = { key: boundedKey(key), at, ...boundedObservation(observation) };
  const newest = entry?.observations.at(-1);
  const all = lean([...(entry?.observations ?? []), added].sort(inOrder));
  const dropped = all.slice(0, Math.max(0, all.length - remembered));
  const observations = all.slice(dropped.length);
  const base = baseOf(id, control, entry?.base, dropped, observations);
  return {
    id,
    control: control.id,
    resource:
      entry !== undefined && newest !== undefined && inOrder(added, newest) < 0
        ? entry.resource
        : added.resource,
    observations,
    base,
    finding: fold(id, control, base?.finding, observations),
    details: detailsIn(observations) ?? base?.details,
  };
}

/** What came of all observations that were dropped, before and now. */
function baseOf(
  id: string,
  control: Control,
  before: Base | undefined,
  dropped: readonly StoredObservation[],
  kept: readonly StoredObservation[],
): Base | undefined {
  const last = dropped.at(-1) ?? before;
  if (last === undefined) return undefined;
  return {
    at: last.at,
    key: last.key,
    finding: fold(id, control, before?.finding, dropped),
    details: detailsIn(kept) === undefined ? (detailsIn(dropped) ?? before?.details) : undefined,
  };
}

/** The observations without their tags, and with the latest details alone: these are large. */
function lean(observations: readonly StoredObservation[]): readonly StoredObservation[] {
  const details = detailsIn(observations);
  return observations.map(({ resource: { tags: _tags, ...resource }, result, ...rest }) => {
    if (result.kind === 'deleted' || result.details === details) return { ...rest, resource, result };
    const { details: _details, ...evaluated } = result;
    return { ...rest, resource, result: { ...evaluated, details: undefined } };
  });
}

/** The details in the latest of the observations that have any. */
export function detailsIn(observations: readonly StoredObservation[]): Details {
  return observations
    .map(({ result }) => (result.kind === 'evaluated' ? result.details : undefined))
    .findLast((details) => details !== undefined);
}

/** By time; those of the same millisecond by key, so that there is but one order. */
function inOrder(a: Pick<StoredObservation, 'at' | 'key'>, b: Pick<StoredObservation, 'at' | 'key'>): number {
  return a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function fold(
  id: string,
  control: Control,
  base: Finding | undefined,
  observations: readonly StoredObservation[],
): Finding | undefined {
  let finding = base;
  for (const observation of observations) {
    const changed = foldFinding(finding, control, observation);
    // The id is that of the resource's whole name, which an observation may have but a part of.
    finding = changed && boundedFinding({ ...changed, id });
  }
  return finding;
}
