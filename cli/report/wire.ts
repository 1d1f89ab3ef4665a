/**
 * What the report's page receives, as plain JSON. The table's columns come at once, as numbers that point
 * into one list of strings; the rest of a finding and its event come in blocks that are read when a finding
 * is opened, so that a report of 10,000 findings opens as fast as one of ten.
 */
import type { Finding } from '../../lib/findings/finding.ts';
import type { ActorRow, Timeline, TimeToFix } from './figures.ts';
import type { CatalogueEntry } from './input.ts';

/** What the table shows, filters, sorts or searches of a finding. */
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

/** How many findings, or events, stand in one block. */
export const blockSize = 100;

/** A finding with the place of its event, for the panel. */
export interface Detail {
  readonly finding: Finding;
  /** The index of the event that opened it; `null` where none was kept. */
  readonly event: number | null;
}

export interface Wire {
  readonly strings: readonly string[];
  /** By column, for each finding in the default order: an index into `strings`. An absent value is "". */
  readonly rows: Readonly<Record<Column, readonly number[]>>;
  readonly controls: readonly CatalogueEntry[];
  readonly timeline: Timeline;
  readonly timeToFix: TimeToFix;
  readonly actors: readonly ActorRow[];
}
