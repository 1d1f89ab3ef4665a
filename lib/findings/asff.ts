/**
 * Findings in the AWS Security Finding Format, as BatchImportFindings takes them.
 * Sources: Security Hub API model (AwsSecurityFinding); AWS Security Hub User Guide, "AWS Security Finding
 * Format (ASFF)", "Required top-level ASFF attributes", "Using BatchImportFindings"; "Custom product integrations"
 * for the ProductArn.
 */
import type { Resource as AsffResource, AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { parseArn, partitionOf } from '../arn.ts';
import type { Control, ResourceType } from '../control.ts';
import type { Finding } from './finding.ts';

/** ASFF's limits in characters, and for one finding in bytes. Source: Security Hub API model; partner guide. */
export const asffLimits = {
  id: 512,
  title: 256,
  description: 1024,
  remediation: 512,
  productFieldKey: 127,
  detail: 1023,
  productFieldValue: 1024,
  productFields: 50,
  relatedRequirements: 32,
  findingBytes: 240_000,
} as const;

/** Types that ASFF has no name for; it asks for "Other" then. Source: ASFF, "Other object"; API model, ResourceDetails. */
const withoutAsffName: ReadonlySet<ResourceType> = new Set([
  'AwsEc2Snapshot',
  'AwsEksNodegroup',
  'AwsKmsGrant',
]);

/** Why a finding has no place in Security Hub: it would be refused for what the events did not tell. */
export type Unpublishable = { readonly finding: Finding; readonly reason: string };

/**
 * @returns why Security Hub could not take the finding (no account or no Region is known), or `undefined`.
 */
export function whyUnpublishable(finding: Finding): string | undefined {
  if (!/^\d{12}$/.test(finding.account)) return `the events do not tell its account (${finding.account})`;
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(finding.region))
    return `the events do not tell its Region (${finding.region})`;
  return undefined;
}

/**
 * A finding as ASFF.
 * @param finding one for which `whyUnpublishable` answers `undefined`.
 * @param updatedAt ISO 8601; must grow with each publication of the same finding, for Security Hub ignores an
 *   equal or older one.
 */
export function toAsff(finding: Finding, control: Control, updatedAt: string): AwsSecurityFinding {
  const { account, region } = finding;
  const partition = partitionOf(region);
  const first = finding.history[0]?.at ?? finding.openedAt ?? updatedAt;
  const last = finding.history.at(-1)?.at ?? finding.openedAt ?? updatedAt;
  return {
    SchemaVersion: '2018-10-08',
    Id: cut(finding.id, asffLimits.id),
    ProductArn: `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`,
    ProductName: 'Trailseal',
    CompanyName: 'Trailseal',
    Region: region,
    GeneratorId: `trailseal/${finding.control}`,
    AwsAccountId: account,
    CreatedAt: first,
    UpdatedAt: later(updatedAt, last),
    FirstObservedAt: first,
    LastObservedAt: last,
    Title: cut(finding.title, asffLimits.title),
    Description: cut(
      `${finding.evidence.summary} Required: ${finding.evidence.required}.`,
      asffLimits.description,
    ),
    Types: ['Software and Configuration Checks/AWS Security Best Practices'],
    Severity: { Label: severityOf(finding) },
    FindingProviderFields: {
      Severity: { Label: severityOf(finding), Original: finding.severity },
      Types: ['Software and Configuration Checks/AWS Security Best Practices'],
    },
    Remediation: {
      Recommendation: { Text: cut(control.remediation, asffLimits.remediation), Url: control.reference },
    },
    ProductFields: productFields(finding),
    Resources: [resourceOf(finding, partition)],
    Compliance: complianceOf(finding, control),
    RecordState: finding.status === 'ARCHIVED' ? 'ARCHIVED' : 'ACTIVE',
  };
}

/** NIST, PCI DSS and AWS FSBP requirements, spelled as Security Hub spells them. */
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
  return {
    Status: 'NOT_AVAILABLE',
    StatusReasons: [
      { ReasonCode: 'TRAILSEAL_UNKNOWN', Description: cut(finding.evidence.summary, asffLimits.description) },
    ],
    ...requirements,
  };
}

function resourceOf(finding: Finding, partition: string): AsffResource {
  const { type, id, arn } = finding.resource;
  return {
    Type: withoutAsffName.has(type) ? 'Other' : type,
    Id: cut(type === 'AwsAccount' ? `AWS::::Account:${finding.account}` : identify(id, arn), asffLimits.id),
    Partition: partition as NonNullable<AsffResource['Partition']>,
    Region: finding.region,
    Details: { Other: { id: cut(id, asffLimits.detail), arn: cut(arn, asffLimits.detail), type } },
  };
}

/** The ARN where it is the resource's own; where it is that of its container, the id tells them apart. */
function identify(id: string, arn: string): string {
  const own = parseArn(arn)?.resource.endsWith(id) === true;
  return own ? arn : `${arn}#${id}`;
}

/** The evidence, so that an operator needs nothing but the finding. */
function productFields(finding: Finding): Record<string, string> {
  const { evidence, actor, exemption, plan } = finding;
  const fields: [string, string | null | undefined][] = [
    ['trailseal/control', finding.control],
    ['trailseal/verdict', finding.verdict],
    ['trailseal/status', finding.status],
    ['trailseal/summary', evidence.summary],
    ['trailseal/required', evidence.required],
    ['trailseal/actor/arn', actor.arn],
    ['trailseal/actor/type', actor.type],
    ['trailseal/actor/sourceIp', actor.sourceIp],
    ['trailseal/actor/userAgent', actor.userAgent],
    ['trailseal/openedAt', finding.openedAt],
    ['trailseal/closedAt', finding.closedAt],
    ['trailseal/closing', finding.closing?.summary],
    ['trailseal/eventIds', finding.eventIds.slice(0, 20).join(' ')],
    ['trailseal/plan', plan.actions.map(({ action }) => action).join(' ')],
    ['trailseal/withheld', plan.withheld.map(({ action, because }) => `${action}: ${because}`).join('; ')],
    ['trailseal/exemption', exemption && `${exemption.state}: ${exemption.reason}`],
    ['trailseal/exemption/owner', exemption?.owner],
    ['trailseal/exemption/expires', exemption?.expires],
    ...evidence.observed.map(({ what, value }): [string, string] => [
      `trailseal/observed/${what}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  const pairs = fields
    .filter(
      (field): field is [string, string] => field[1] !== undefined && field[1] !== null && field[1] !== '',
    )
    .map(([key, value]) => [cut(key, asffLimits.productFieldKey), cut(value, asffLimits.productFieldValue)]);
  return Object.fromEntries(pairs.slice(0, asffLimits.productFields));
}

/** `text` in at most `limit` UTF-16 units, ending in an ellipsis where it was cut, never inside a surrogate pair. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\uD800-\uDBFF]$/.test(text.slice(0, limit - 1)) ? limit - 2 : limit - 1;
  return `${text.slice(0, end)}…`;
}

function later(one: string, other: string): string {
  return Date.parse(one) >= Date.parse(other) ? one : other;
}
