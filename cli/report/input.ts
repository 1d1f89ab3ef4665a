/** What a report is made of, whoever made it, replay or scan. Plain data, ready for JSON. */
import type { Severity, Standards, Verdict } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { InputError } from '../../lib/trail/archive.ts';

/** A control as people look it up. */
export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly standards: Standards;
  readonly remediation: string;
  readonly reference: string;
}

export interface ReportInput {
  /** Who made it; a replay where it is left out. Of a scan, the records are resources. */
  readonly command?: 'replay' | 'scan';
  /** ISO 8601, UTC. */
  readonly generatedAt: string;
  /** The paths that were asked for. */
  readonly sources: readonly string[];
  /** Times of the first and the last evaluated event. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  readonly records: number;
  readonly matched: number;
  /** Counts by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly rejected: number;
  /** Evaluation made, by verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** By control id: the resources that still exist at the end, by their last verdict. */
  readonly posture: Readonly<Record<string, Readonly<Record<Verdict, number>>>>;
  readonly findings: readonly Finding[];
  /** The raw record that opened each finding, by finding id. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly controls: readonly CatalogueEntry[];
  readonly inputErrors: readonly InputError[];
}
