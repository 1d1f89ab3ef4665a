/** The state table: what is known of every finding, kept so that it stays true whoever writes to it, when and how often. */
import type { Control } from '../../core/control.ts';
import type { Entry, StoredObservation } from './entry.ts';

/** An entry as the state table keeps it. */
export interface Recorded extends Entry {
  /** Grows by one with each write, whatever it was for. */
  readonly version: number;
  /** Epoch milliseconds; grows strictly with each change of what Security Hub should hold. */
  readonly updatedAt: number;
  /** The `updatedAt` that Security Hub has; `undefined` when it never had any. */
  readonly published: { readonly updatedAt: number; readonly at: number } | undefined;
}

export interface StateTable {
  /** The entries with these ids, as far as there are any. */
  read(ids: readonly string[]): Promise<ReadonlyMap<string, Recorded>>;
  /**
   * Takes observations into account; several may be of one entry. Whoever else writes the same entry at the same
   * time, none is lost and none counts twice.
   * @returns every entry concerned, as it is now, once each. Rejects when the state table can't be written.
   */
  record(observations: readonly ToRecord[]): Promise<readonly Recorded[]>;
  /** Notes that Security Hub took an entry as it was at `updatedAt`; of two such notes the newer stays. */
  markPublished(published: readonly { readonly id: string; readonly updatedAt: number }[]): Promise<void>;
  /** Findings of parts of these resources (`Resource.partOf`), other than archived ones. */
  partsOf(arns: readonly string[]): Promise<readonly Recorded[]>;
  /**
   * A page of the entries that have a finding which is not archived, or one whose publication is pending publication, of a place.
   * @param token from the page before.
   */
  page(
    accountRegion: { readonly account: string; readonly region: string },
    token: string | undefined,
  ): Promise<{ readonly entries: readonly Recorded[]; readonly token: string | undefined }>;
}

export interface ToRecord {
  readonly control: Control;
  readonly observation: StoredObservation;
}

/** Security Hub deletes a finding 90 days after its last update; long before, it is told again. */
export const repostAfter = 60 * 24 * 3_600_000;

/**
 * Whether Security Hub is pending publication the entry: it has not seen its latest change, or has not heard of an open finding
 * for long. Source: AWS Security Hub User Guide, "Quotas" (findings are deleted 90 days after the last update).
 */
export function isPublicationPending(entry: Recorded, now: number): boolean {
  if (entry.finding === undefined) return false;
  if (entry.published === undefined || entry.published.updatedAt < entry.updatedAt) return true;
  return isRepostDue(entry, now);
}

/**
 * Whether Security Hub has not heard of an open finding for long. It ignores what it is told with an `UpdatedAt`
 * that it has already: the next `record` of the entry, whatever was seen, gives it a new one.
 */
export function isRepostDue(
  { finding, published }: Pick<Recorded, 'finding' | 'published'>,
  now: number,
): boolean {
  return finding?.status === 'OPEN' && published !== undefined && now - published.at > repostAfter;
}
