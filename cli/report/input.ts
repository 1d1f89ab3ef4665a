/** The input of a report, from a replay or a scan. Plain data, ready for JSON. */
import type { Severity, Standards, Verdict } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { InputError } from '../../lib/trail/archive.ts';

/** A control as the report shows it. */
export interface CatalogueEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly standards: Standards;
  readonly remediation: string;
  readonly reference: string;
}

/** `url` when it is an https: address, as every reference of a control is; `undefined` for anything else. */
export function httpsLink(url: string): string | undefined {
  return URL.canParse(url) && new URL(url).protocol === 'https:' ? url : undefined;
}

export interface ReportInput {
  /** The command; a replay where it is left out. Of a scan, the records are resources. */
  readonly command?: 'replay' | 'scan';
  /** ISO 8601, UTC. */
  readonly generatedAt: string;
  /** What was replayed or scanned. */
  readonly sources: readonly string[];
  /** Times of the first and the last evaluated event. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  readonly records: number;
  readonly matched: number;
  /** Counts by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly rejected: number;
  /** Number of evaluations by verdict. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** By control id: the resources that exist at the end, by their last verdict. */
  readonly posture: Readonly<Record<string, Readonly<Record<Verdict, number>>>>;
  readonly findings: readonly Finding[];
  /** The raw record that opened each finding, by finding id. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly controls: readonly CatalogueEntry[];
  readonly inputErrors: readonly InputError[];
}
