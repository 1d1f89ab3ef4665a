/**
 * The state table: what is known of every finding, kept so that it stays true whoever writes to it, when and how often.
 * What a write makes of an entry is here, pure; it is the same for every kind of state table.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AccountRegion } from '../../core/account-region.ts';
import type { Control } from '../../core/control.ts';
import type { Finding } from '../finding.ts';
import { type Entry, type StoredObservation, withObservation } from './entry.ts';

/** An entry as the state table keeps it. */
export interface Recorded extends Entry {
  /** Grows by one with each write, whatever it was for. */
  readonly version: number;
  /** Epoch milliseconds; grows strictly with each change of what Security Hub should hold. */
  readonly updatedAt: number;
  /** The `updatedAt` that Security Hub has; `undefined` when it never had any. */
  readonly published: { readonly updatedAt: number; readonly at: number } | undefined;
  /**
   * When it was recorded, epoch milliseconds, that the finding became an open failure that is not exempt: when it was
   * opened, turned out to be a failure, or was no longer exempt. `undefined` while it is none, and where it was written
   * before this was recorded. Grace periods begin after it.
   */
  readonly outstandingSince?: number | undefined;
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
  /**
   * Findings of parts of these resources (`Resource.partOf`), other than archived ones.
   * @param names of the resources (`resourceName`).
   */
  partsOf(names: readonly string[]): Promise<readonly Recorded[]>;
  /**
   * A page of the entries of an account and Region that have a finding which is not archived, or whose publication is
   * pending.
   * @param token from the page before.
   */
  page(
    accountRegion: AccountRegion,
    token: string | undefined,
  ): Promise<{ readonly entries: readonly Recorded[]; readonly token: string | undefined }>;
}

export interface ToRecord {
  readonly control: Control;
  readonly observation: StoredObservation;
}

/** Security Hub deletes a finding 90 days after its last update; an open one is published again long before, in milliseconds. */
export const repostAfter = 60 * 24 * 3_600_000;

/**
 * Whether publication of the entry is pending: Security Hub does not have its latest change, or has had no update of an
 * open finding for long. Source: AWS Security Hub User Guide, "Quotas" (findings are deleted 90 days after the last update).
 * @example entries.filter((entry) => isPublicationPending(entry, Date.now()))
 */
export function isPublicationPending(entry: Recorded, now: number): boolean {
  if (entry.finding === undefined) return false;
  if (entry.published === undefined || entry.published.updatedAt < entry.updatedAt) return true;
  return isRepostDue(entry, now);
}

/**
 * Whether Security Hub has had no update of an open finding for long. It ignores an update with an `UpdatedAt` that it has
 * already: the next `record` of the entry, whatever was observed, gives it a new one.
 */
export function isRepostDue(
  { finding, published }: Pick<Recorded, 'finding' | 'published'>,
  now: number,
): boolean {
  return finding?.status === 'OPEN' && published !== undefined && now - published.at > repostAfter;
}

const day = 24 * 3_600_000;

/**
 * The entry with these observations, all of them its own, taken into account. Its `updatedAt` grows with each change
 * of what Security Hub should hold, and when an open finding has to be published again before Security Hub deletes it.
 * @returns `previous` itself when they say nothing new.
 * @example const { finding, updatedAt } = withRecords(entry, [{ control, observation }], Date.now()) ?? entry;
 */
export function withRecords(
  previous: Recorded | undefined,
  observations: readonly ToRecord[],
  now: number,
): Recorded | undefined {
  let entry: Entry | undefined = previous;
  for (const { control, observation } of observations) entry = withObservation(entry, control, observation);
  if (entry === undefined || entry === previous) return previous;
  const outstandingSince = outstandingSinceOf(previous, entry.finding, now);
  if (previous === undefined)
    return { ...entry, version: 1, updatedAt: now, published: undefined, outstandingSince };
  const { version, updatedAt, published } = previous;
  const changed =
    !isDeepStrictEqual(partsPublished(previous), partsPublished(entry)) ||
    isRepostDue({ ...previous, ...entry }, now);
  return {
    ...entry,
    version: version + 1,
    updatedAt: changed ? Math.max(now, updatedAt + 1, (published?.updatedAt ?? 0) + 1) : updatedAt,
    published,
    outstandingSince,
  };
}

function outstandingSinceOf(
  previous: Recorded | undefined,
  finding: Finding | undefined,
  now: number,
): number | undefined {
  if (!isOpenFailure(finding)) return undefined;
  const stayed = isOpenFailure(previous?.finding) && openingIn(previous?.finding) === openingIn(finding);
  return stayed ? previous?.outstandingSince : now;
}

function isOpenFailure(finding: Finding | undefined): boolean {
  return finding?.status === 'OPEN' && finding.verdict === 'FAIL' && finding.exemption?.state !== 'active';
}

/** The last opening: a finding that was closed and opened again between two writes has another one. */
function openingIn(finding: Finding | undefined): string {
  const { at, eventId } = finding?.history.findLast(({ status }) => status === 'OPEN') ?? {};
  return JSON.stringify([finding?.openedAt, at, eventId]);
}

/**
 * The entry with the note that Security Hub took it as it was at `updatedAt`.
 * @returns the entry itself when a note as new is there already.
 * @example withPublication(entry, entry.updatedAt, Date.now()).published // { updatedAt, at }
 */
export function withPublication(entry: Recorded, updatedAt: number, now: number): Recorded {
  if (entry.published !== undefined && entry.published.updatedAt >= updatedAt) return entry;
  return { ...entry, version: entry.version + 1, published: { updatedAt, at: now } };
}

/** Whether something is left to do about the entry: its resource is re-evaluated, or its publication is pending. */
export function isListed({ finding, published, updatedAt }: Recorded): boolean {
  if (finding === undefined) return false;
  return finding.status !== 'ARCHIVED' || published === undefined || published.updatedAt < updatedAt;
}

/**
 * When the state table may forget an entry that was written at `now`. Without a finding it only keeps late observations
 * from counting, and these are late by minutes. One of a closed finding is kept longer than Security Hub keeps the
 * finding (90 days after its last update), so that a reopened one goes on with its history; a
 * publication that is still pending by then is of no use any more. An open finding is never forgotten.
 * Source: AWS Security Hub User Guide, "Quotas".
 * @returns epoch milliseconds, or `undefined`: never.
 */
export function forgottenAt({ finding }: Recorded, now: number): number | undefined {
  if (finding === undefined) return now + 3 * day;
  return finding.status === 'OPEN' ? undefined : now + 120 * day;
}

/** What is published: not where and when the evidence was read, nor the reasons behind a plan. */
function partsPublished({ finding, details, resource: { tags } }: Entry) {
  return {
    finding: finding && {
      ...finding,
      evidence: {
        ...finding.evidence,
        observed: finding.evidence.observed.map(({ what, value }) => ({ what, value })),
      },
      plan: {
        actions: finding.plan.actions.map(({ action }) => action),
        skipped: finding.plan.skipped.map(({ action, because }) => ({ action, because })),
      },
    },
    details,
    tags,
  };
}
