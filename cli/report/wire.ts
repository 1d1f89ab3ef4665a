/**
 * The data that the report's page reads, as plain JSON. The table's columns are read at once, as indices into one list
 * of strings; the rest of a finding and its event are in blocks that are read when the finding is shown, so that a
 * report of 10,000 findings opens as fast as one of ten.
 */
import type { Finding } from '../../lib/findings/finding.ts';
import type { ActorRow, Timeline, TimeToFix } from './figures.ts';
import type { CatalogueEntry } from './input.ts';

/** The values of a finding that the table shows, filters, sorts or searches. */
export const columns = [
  'id',
  'control',
  'title',
  'severity',
  'verdict',
  'status',
  'resourceType',
  'resourceId',
  'resourceArn',
  'account',
  'region',
  'openedAt',
  'closedAt',
  'actorName',
  'actorArn',
  'sourceIp',
  'summary',
  'exemption',
] as const;
export type Column = (typeof columns)[number];

/** How many findings, or events, are in one block. */
export const blockSize = 100;

/** A finding and its event, for the detail panel. */
export interface FindingDetail {
  readonly finding: Finding;
  /** The index of the event that opened it; `null` where there is none. */
  readonly event: number | null;
}

export interface Wire {
  readonly strings: readonly string[];
  /** By column, for each finding in the default order: an index into `strings`. Absent values are "". */
  readonly rows: Readonly<Record<Column, readonly number[]>>;
  readonly controls: readonly CatalogueEntry[];
  readonly timeline: Timeline;
  readonly timeToFix: TimeToFix;
  readonly actors: readonly ActorRow[];
}
