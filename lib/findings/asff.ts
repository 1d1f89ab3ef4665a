/**
 * Findings in the AWS Security Finding Format, as BatchImportFindings takes them.
 * Sources: Security Hub API model (AwsSecurityFinding); AWS Security Hub User Guide, "AWS Security Finding
 * Format (ASFF)", "Required top-level ASFF attributes", "Using BatchImportFindings"; "Custom product integrations"
 * for the ProductArn.
 */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import type { Control } from '../core/control.ts';
import { cut } from '../core/text.ts';
import { asffLimits } from './asff-limits.ts';
import { type AsffExtras, asffResource } from './asff-resource.ts';
import type { Finding } from './finding.ts';
import { productArnOf } from './id.ts';
import { oneLine, stringMap } from './plain.ts';

export { asffLimits } from './asff-limits.ts';

/** Why Security Hub would refuse a finding: the events did not name its account or Region. */
export type Unpublishable = { readonly finding: Finding; readonly reason: string };

/**
 * @returns why Security Hub could not take the finding (no account or no Region is known), or `undefined`.
 * @example whyUnpublishable({ ...finding, account: 'unknown' }) // 'the events do not name its account (unknown)'
 */
export function whyUnpublishable(finding: Finding): string | undefined {
  if (!/^\d{12}$/.test(finding.account)) return `the events do not name its account (${finding.account})`;
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(finding.region))
    return `the events do not name its Region (${finding.region})`;
  return undefined;
}

const types = ['Software and Configuration Checks/AWS Security Best Practices'];

/**
 * A finding as ASFF. Left out are the fields that belong to Security Hub's customers (Note, UserDefinedFields,
 * VerificationState, Workflow), and Region, which Security Hub sets itself. Severity and Types stand in
 * FindingProviderFields alone, "the preferred option": Security Hub copies them to the top level, unless somebody
 * there has set others by BatchUpdateFindings.
 * Source: AWS Security Hub User Guide, "BatchImportFindings for finding providers", "Using FindingProviderFields".
 * @param finding one for which `whyUnpublishable` answers `undefined`.
 * @param updatedAt ISO 8601; must grow with each publication of the same finding, for Security Hub ignores an
 *   equal or older one.
 * @example await publisher.publish([toAsff(finding, control, new Date().toISOString(), { tags: resource.tags })]);
 */
export function toAsff(
  finding: Finding,
  control: Control,
  updatedAt: string,
  extras: AsffExtras,
): AwsSecurityFinding {
  const { account, region } = finding;
  // The first transition stays, however often the finding is reopened and whatever is dropped from its history:
  // CreatedAt and FirstObservedAt are the same all its life.
  const first = finding.history[0]?.at ?? finding.openedAt ?? updatedAt;
  const last = finding.history.at(-1)?.at ?? finding.openedAt ?? updatedAt;
  const fields = productFields(finding);
  return {
    SchemaVersion: '2018-10-08',
    Id: cut(finding.id, asffLimits.id),
    ProductArn: productArnOf({ account, region }),
    ProductName: 'Trailseal',
    CompanyName: 'Trailseal',
    GeneratorId: `trailseal/${finding.control}`,
    AwsAccountId: account,
    CreatedAt: first,
    UpdatedAt: updatedAt,
    FirstObservedAt: first,
    LastObservedAt: earlier(last, updatedAt),
    Title: oneLine(finding.title, asffLimits.title),
    Description: oneLine(
      `${finding.evidence.summary} Required: ${finding.evidence.required}.`,
      asffLimits.description,
    ),
    FindingProviderFields: {
      Severity: { Label: severityOf(finding), Original: finding.severity },
      Types: types,
    },
    Remediation: {
      Recommendation: { Text: recommendation(finding, control), Url: control.reference },
    },
    ...(fields === undefined ? {} : { ProductFields: fields }),
    Resources: [asffResource(finding, extras)],
    Compliance: complianceOf(finding, control),
    RecordState: finding.status === 'ARCHIVED' ? 'ARCHIVED' : 'ACTIVE',
  };
}

/** The command for this one resource comes first, whole: half of one is another command. */
function recommendation({ evidence: { command } }: Finding, { remediation }: Control): string {
  const first = command === undefined ? '' : `For this resource: ${command} — but: `;
  const text = first.length <= asffLimits.remediation * 0.75 ? `${first}${remediation}` : remediation;
  return oneLine(text, asffLimits.remediation);
}

/**
 * NIST, PCI DSS and AWS FSBP requirements, spelled as Security Hub spells them.
 * @example relatedRequirements(control) // ['NIST.800-53.r5 SC-28', 'PCI DSS v4.0.1/3.5.1']
 */
export function relatedRequirements(control: Control): readonly string[] {
  return Object.entries(control.standards).flatMap(([standard, requirements]) =>
    (requirements as readonly string[]).map((requirement) =>
      standard === 'NIST.800-53.r5' ? `${standard} ${requirement}` : `${standard}/${requirement}`,
    ),
  );
}

/** What is exempt stays on record as a failure, but calls for nobody. */
function severityOf(finding: Finding): Finding['severity'] {
  return finding.exemption?.state === 'active' ? 'INFORMATIONAL' : finding.severity;
}

function complianceOf(finding: Finding, control: Control): NonNullable<AwsSecurityFinding['Compliance']> {
  const related = relatedRequirements(control).slice(0, asffLimits.relatedRequirements);
  const requirements = related.length > 0 ? { RelatedRequirements: related } : {};
  if (finding.status === 'RESOLVED') return { Status: 'PASSED', ...requirements };
  if (finding.verdict === 'FAIL') return { Status: 'FAILED', ...requirements };
  const doubt = oneLine(finding.evidence.summary, asffLimits.description);
  const reason = {
    ReasonCode: 'TRAILSEAL_UNKNOWN',
    ...(doubt === '' ? {} : { Description: doubt }),
  };
  return { Status: 'NOT_AVAILABLE', StatusReasons: [reason], ...requirements };
}

/** The evidence, so that an operator needs nothing but the finding. */
function productFields(finding: Finding): Record<string, string> | undefined {
  const { evidence, actor, exemption, plan } = finding;
  const fields: [string, string | null | undefined][] = [
    ['trailseal/control', finding.control],
    ['trailseal/verdict', finding.verdict],
    ['trailseal/status', finding.status],
    ['trailseal/summary', evidence.summary],
    ['trailseal/required', evidence.required],
    ['trailseal/command', evidence.command],
    ['trailseal/actor/arn', actor.arn],
    ['trailseal/actor/type', actor.type],
    ['trailseal/actor/sourceIp', actor.sourceIp],
    ['trailseal/actor/userAgent', actor.userAgent],
    ['trailseal/openedAt', finding.openedAt],
    ['trailseal/closedAt', finding.closedAt],
    ['trailseal/closing', finding.closing?.summary],
    ['trailseal/eventIds', finding.eventIds.slice(0, 20).join(' ')],
    ['trailseal/plan', plan.actions.map(({ action }) => action).join(' ')],
    ['trailseal/skipped', plan.skipped.map(({ action, because }) => `${action}: ${because}`).join('; ')],
    ['trailseal/exemption', exemption && `${exemption.state}: ${exemption.reason}`],
    ['trailseal/exemption/owner', exemption?.owner],
    ['trailseal/exemption/expires', exemption?.expires],
    ...evidence.observed.map(({ what, value }): [string, string] => [
      `trailseal/observed/${what}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  const known = fields.filter(
    (field): field is [string, string] => field[1] !== undefined && field[1] !== null,
  );
  return stringMap(known, {
    pairs: asffLimits.productFields,
    key: asffLimits.productFieldKey,
    value: asffLimits.productFieldValue,
  });
}

function earlier(one: string, other: string): string {
  return Date.parse(one) <= Date.parse(other) ? one : other;
}
