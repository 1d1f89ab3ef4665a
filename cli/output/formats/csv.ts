/**
 * Findings as CSV: RFC 4180, with a header. Where one control evaluated, each value that it observed has a column of its own;
 * of several controls, whose values differ, they share one.
 */
import { stringify } from 'csv-stringify/sync';
import type { ObservedValue } from '../../../lib/core/control.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { printable } from '../printable.ts';
import { type RunOutput, resourceNameOf } from './run-output.ts';

type CsvRow = Readonly<Record<string, string>>;

/**
 * One row for each finding, in their order. A value that a spreadsheet would take for a formula begins with an apostrophe:
 * whoever names a resource could otherwise have it run.
 * Source: RFC 4180; OWASP, "CSV Injection".
 * @example csvOf({ replay, origin, controls }).split('\r\n')[0] // 'accountId,accountName,region,…'
 */
export function csvOf({ replay: { findings }, origin, controls }: RunOutput): string {
  const observed =
    controls.length === 1
      ? [...new Set(findings.flatMap(({ evidence }) => evidence.observed.map(({ what }) => what)))]
      : undefined;
  const rows = findings.map((finding) => rowOf(finding, origin.accountNames, observed));
  const columns = Object.keys(rowOf(undefined, origin.accountNames, observed));
  return stringify(
    rows.map((row) => columns.map((column) => printable(row[column] ?? ''))),
    { header: true, columns: [...columns], record_delimiter: 'windows', escape_formulas: true },
  );
}

/** @param finding `undefined` for the names of the columns alone. */
function rowOf(
  finding: Finding | undefined,
  accountNames: ReadonlyMap<string, string>,
  observed: readonly string[] | undefined,
): CsvRow {
  const { evidence, resource, actor, exemption, plan } = finding ?? {};
  const own: CsvRow = {
    accountId: finding?.account ?? '',
    accountName: accountNames.get(finding?.account ?? '') ?? '',
    region: finding?.region ?? '',
    resourceId: resource?.id ?? '',
    resourceType: resource?.type ?? '',
  };
  const values: CsvRow = Object.fromEntries(
    observed?.map((what) => [
      // A value must not displace a column of every control.
      what in own ? `observed.${what}` : what,
      valueText(evidence?.observed.find((one) => one.what === what)?.value),
    ]) ?? [
      [
        'observed',
        evidence?.observed.map(({ what, value }) => `${what}=${valueText(value)}`).join('; ') ?? '',
      ],
    ],
  );
  return {
    ...own,
    ...values,
    reason: evidence?.summary ?? '',
    required: evidence?.required ?? '',
    control: finding?.control ?? '',
    severity: finding?.severity ?? '',
    verdict: finding?.verdict ?? '',
    status: finding?.status ?? '',
    openedAt: finding?.openedAt ?? '',
    closedAt: finding?.closedAt ?? '',
    actor: actor?.name ?? '',
    actorArn: actor?.arn ?? '',
    exemption: exemption?.state ?? '',
    exemptionOwner: exemption?.owner ?? '',
    exemptionExpires: exemption?.expires ?? '',
    plannedActions: plan?.actions.map(({ action }) => action).join(' ') ?? '',
    resourceName: finding === undefined ? '' : resourceNameOf(finding),
    findingId: finding?.id ?? '',
  };
}

function valueText(value: ObservedValue['value'] | undefined): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
