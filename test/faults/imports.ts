/** What Security Hub was told: every finding of every call that came to it. */
import { list, text } from '../../lib/core/json.ts';

/** One finding in one call of BatchImportFindings. */
export interface Import {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
  readonly updatedAt: string;
  /** `FAILED ACTIVE` and so on. */
  readonly state: string;
  /** All of it, as JSON. */
  readonly whole: string;
}

/** Those of a call, which has none when it is another one. Source: Security Hub API Reference, "BatchImportFindings". */
export function importsIn(path: string, body: Buffer): readonly Import[] {
  if (!path.startsWith('/findings/import')) return [];
  return list(JSON.parse(body.toString('utf8')), 'Findings').map((finding) => ({
    at: Date.now(),
    id: text(finding, 'Id') ?? '',
    updatedAt: text(finding, 'UpdatedAt') ?? '',
    state: `${text(finding, 'Compliance', 'Status')} ${text(finding, 'RecordState')}`,
    whole: JSON.stringify(finding),
  }));
}
