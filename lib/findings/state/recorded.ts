/** What a write to the state table makes of an entry. Pure; the same for every kind of state table. */
import { isDeepStrictEqual } from 'node:util';
import { type Entry, withObservation } from './entry.ts';
import { isRepostDue, type Recorded, type ToRecord } from './table.ts';

const day = 24 * 3_600_000;

/**
 * The entry with these observations, all of them its own, taken into account. Its `updatedAt` grows with each change
 * of what Security Hub should hold, and when Security Hub has to be told again of an open finding before it forgets.
 * @returns `previous` itself when they say nothing new.
 */
export function withRecords(
  previous: Recorded | undefined,
  observations: readonly ToRecord[],
  now: number,
): Recorded | undefined {
  let entry: Entry | undefined = previous;
  for (const { control, observation } of observations) entry = withObservation(entry, control, observation);
  if (entry === undefined || entry === previous) return previous;
  if (previous === undefined) return { ...entry, version: 1, updatedAt: now, published: undefined };
  const { version, updatedAt, published } = previous;
  const changed =
    !isDeepStrictEqual(told(previous), told(entry)) || isRepostDue({ ...previous, ...entry }, now);
  return {
    ...entry,
    version: version + 1,
    updatedAt: changed ? Math.max(now, updatedAt + 1, (published?.updatedAt ?? 0) + 1) : updatedAt,
    published,
  };
}

/**
 * The entry with the note that Security Hub took it as it was at `updatedAt`.
 * @returns the entry itself when a note as new is there already.
 */
export function withPublication(entry: Recorded, updatedAt: number, now: number): Recorded {
  if (entry.published !== undefined && entry.published.updatedAt >= updatedAt) return entry;
  return { ...entry, version: entry.version + 1, published: { updatedAt, at: now } };
}

/** Whether there is something left to be done about the entry: its resource to be looked at, or its publication. */
export function isListed({ finding, published, updatedAt }: Recorded): boolean {
  if (finding === undefined) return false;
  return finding.status !== 'ARCHIVED' || published === undefined || published.updatedAt < updatedAt;
}

/**
 * When the state table may forget an entry that was written at `now`. Without a finding it only keeps late observations
 * from counting, and those are late by minutes. One of a closed finding is kept longer than Security Hub keeps the
 * finding (90 days after its last update), so that a reopened one goes on with its history for as long as there is
 * one; whatever was still pending publication by then is no use any more. An open finding is never forgotten.
 * Source: AWS Security Hub User Guide, "Quotas".
 * @returns epoch milliseconds, or `undefined`: never.
 */
export function forgottenAt({ finding }: Recorded, now: number): number | undefined {
  if (finding === undefined) return now + 3 * day;
  return finding.status === 'OPEN' ? undefined : now + 120 * day;
}

/** What Security Hub is told: where and when the evidence was read is not, nor are the reasons behind a plan. */
function told({ finding, details, resource: { tags } }: Entry) {
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
