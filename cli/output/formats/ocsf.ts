/**
 * Findings as OCSF: one Compliance Finding (class 2003) for each, of schema 1.8.0 with the profile `cloud`.
 * Source: OCSF 1.8.0, https://schema.ocsf.io/1.8.0/classes/compliance_finding?profiles=cloud; a test holds what is written
 * to that schema.
 */
import { partitionOf } from '../../../lib/core/arn.ts';
import type { Severity } from '../../../lib/core/control.ts';
import { relatedRequirements } from '../../../lib/findings/asff.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { controlOf, type RunOutput, resourceNameOf } from './run-output.ts';

const schemaVersion = '1.8.0';
const classUid = 2003;

/** Source: OCSF, attribute `severity_id`. */
const severityIds: Readonly<Record<Severity, number>> = {
  INFORMATIONAL: 1,
  LOW: 2,
  MEDIUM: 3,
  HIGH: 4,
  CRITICAL: 5,
};

/** Source: OCSF, attribute `activity_id` of class `finding`: the finding was created, updated or closed. */
const activities: Readonly<Record<Finding['status'], { readonly id: number; readonly name: string }>> = {
  OPEN: { id: 1, name: 'Create' },
  RESOLVED: { id: 3, name: 'Close' },
  ARCHIVED: { id: 3, name: 'Close' },
};

/** The events, in the order of the findings. */
export function ocsfOf(run: RunOutput): readonly Readonly<Record<string, unknown>>[] {
  return run.replay.findings.map((finding) => ocsfEvent(finding, run));
}

function ocsfEvent(finding: Finding, run: RunOutput): Readonly<Record<string, unknown>> {
  const { origin, replay } = run;
  const control = controlOf(run, finding);
  const { evidence, account, region, severity, exemption, closing, plan } = finding;
  const activity = activities[finding.status];
  const generated = Date.parse(origin.generatedAt);
  const created = timeOf(finding.history[0]?.at ?? finding.openedAt) ?? generated;
  const changed = timeOf(finding.history.at(-1)?.at ?? finding.openedAt) ?? generated;
  const shown = exemption?.state === 'active' ? 'INFORMATIONAL' : severity;
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_name: 'Findings',
    category_uid: 2,
    class_name: 'Compliance Finding',
    class_uid: classUid,
    type_uid: classUid * 100 + activity.id,
    type_name: `Compliance Finding: ${activity.name}`,
    time: changed,
    severity: titleCase(shown),
    severity_id: severityIds[shown],
    message: evidence.summary,
    ...statusOf(finding),
    metadata: {
      version: schemaVersion,
      profiles: ['cloud'],
      product: { name: 'Trailseal', vendor_name: 'Trailseal', version: origin.version },
      event_code: control.id,
      uid: finding.id,
      processed_time: generated,
    },
    cloud: {
      provider: 'AWS',
      cloud_partition: partitionOf(region),
      region,
      account: {
        uid: account,
        // Source: OCSF, `account.type_id`: 10, AWS Account.
        type: 'AWS Account',
        type_id: 10,
        ...(origin.accountNames.has(account) ? { name: origin.accountNames.get(account) } : {}),
      },
    },
    finding_info: {
      uid: finding.id,
      title: finding.title,
      desc: evidence.summary,
      types: ['Software and Configuration Checks/AWS Security Best Practices'],
      created_time: created,
      first_seen_time: created,
      last_seen_time: changed,
      modified_time: changed,
      ...(finding.eventIds.length === 0
        ? {}
        : {
            related_events_count: finding.eventIds.length,
            related_events: finding.eventIds.map((uid) => ({ uid, type: 'CloudTrail' })),
          }),
    },
    compliance: complianceOf(finding, run),
    resources: [resourceOf(finding, replay)],
    remediation: {
      desc:
        evidence.command === undefined ? control.remediation : `${evidence.command}: ${control.remediation}`,
      references: [control.reference],
    },
    ...evidencesOf(finding),
    unmapped: {
      trailseal: {
        verdict: finding.verdict,
        severity,
        closing: closing?.summary ?? null,
        exemption: exemption ?? null,
        plan,
      },
    },
  };
}

/** Source: OCSF, attribute `status_id` of class `finding`: 1 New, 3 Suppressed, 4 Resolved, 5 Archived. */
function statusOf({ status, exemption }: Finding): { readonly status: string; readonly status_id: number } {
  if (status === 'RESOLVED') return { status: 'Resolved', status_id: 4 };
  if (status === 'ARCHIVED') return { status: 'Archived', status_id: 5 };
  return exemption?.state === 'active'
    ? { status: 'Suppressed', status_id: 3 }
    : { status: 'New', status_id: 1 };
}

/** Source: OCSF, object `compliance`, `status_id`: 0 Unknown, 1 Pass, 3 Fail. */
function complianceOf(finding: Finding, run: RunOutput): Readonly<Record<string, unknown>> {
  const control = controlOf(run, finding);
  const { evidence, verdict, status } = finding;
  const [id, name] = status === 'RESOLVED' ? [1, 'Pass'] : verdict === 'FAIL' ? [3, 'Fail'] : [0, 'Unknown'];
  const standards = Object.entries(control.standards)
    .filter(([, requirements]) => requirements.length > 0)
    .map(([standard]) => standard);
  return {
    control: control.id,
    desc: control.description,
    status_id: id,
    status: name,
    status_details: [evidence.summary],
    standards,
    requirements: relatedRequirements(control),
    checks: [
      {
        uid: control.id,
        name: control.title,
        desc: `Required: ${evidence.required}`,
        status_id: id,
        status: name,
        severity: titleCase(control.severity),
        severity_id: severityIds[control.severity],
        standards,
      },
    ],
  };
}

function resourceOf(finding: Finding, replay: RunOutput['replay']): Readonly<Record<string, unknown>> {
  const { resource, region, account, evidence } = finding;
  const { details, tags } = replay.described.get(finding.id) ?? {};
  const observed = Object.fromEntries(evidence.observed.map(({ what, value }) => [what, value]));
  return {
    uid: resourceNameOf(finding),
    name: resource.id,
    type: resource.type,
    provider: 'AWS',
    region,
    cloud_partition: partitionOf(region),
    owner: { account: { uid: account, type: 'AWS Account', type_id: 10 } },
    ...(tags === undefined ? {} : { tags: Object.entries(tags).map(([name, value]) => ({ name, value })) }),
    data: { observed, ...(details === undefined ? {} : { details }) },
  };
}

/** Who opened the finding; a scan does not know. */
function evidencesOf({ actor, eventIds, history }: Finding): Readonly<Record<string, unknown>> {
  if (actor.arn === 'unknown') return {};
  const [uid] = eventIds;
  return {
    evidences: [
      {
        name: history.findLast(({ status }) => status === 'OPEN')?.eventName ?? 'event',
        ...(uid === undefined ? {} : { uid }),
        actor: {
          user: {
            name: actor.name,
            uid: actor.arn,
            type: actor.type,
            ...(actor.account === undefined ? {} : { account: { uid: actor.account } }),
          },
        },
        data: { sourceIp: actor.sourceIp ?? null, userAgent: actor.userAgent ?? null },
      },
    ],
  };
}

function timeOf(iso: string | null | undefined): number | undefined {
  return iso === null || iso === undefined ? undefined : Date.parse(iso);
}

function titleCase(word: string): string {
  return `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
}
