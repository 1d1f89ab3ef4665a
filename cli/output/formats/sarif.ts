/**
 * Open findings as SARIF 2.1.0, for code scanning: a rule for each control, a result for each finding.
 * Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF support for code
 * scanning" (what GitHub shows of it; `security-severity`); a test holds what is written to the published schema.
 */
import type { Invocation, Log, Notification, ReportingDescriptor, Result } from 'sarif';
import { type Control, type Severity, severities } from '../../../lib/core/control.ts';
import { relatedRequirements } from '../../../lib/findings/asff.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { printable } from '../printable.ts';
import { type RunOutput, resourceNameOf } from './run-output.ts';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  CRITICAL: 'error',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'note',
  INFORMATIONAL: 'note',
};

/** A score for GitHub: critical is over 9.0, high from 7.0, medium from 4.0, low from 0.1. */
const scores: Readonly<Record<Severity, string>> = {
  CRITICAL: '9.5',
  HIGH: '8.0',
  MEDIUM: '5.5',
  LOW: '2.0',
  INFORMATIONAL: '0.0',
};

export function sarifOf({ replay, origin, controls }: RunOutput): Log {
  const open = replay.findings.filter(({ status }) => status === 'OPEN');
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Trailseal',
            version: origin.version,
            rules: controls.map((control) => ruleOf(control)),
          },
        },
        automationDetails: { id: `trailseal/${origin.command}/` },
        invocations: [invocationOf(replay.inputErrors, origin)],
        results: open.map((finding) =>
          resultOf(
            finding,
            controls.findIndex(({ id }) => id === finding.control),
          ),
        ),
      },
    ],
  };
}

function ruleOf(control: Control): ReportingDescriptor {
  const { id, title, description, severity, remediation, reference } = control;
  return {
    id,
    name: id,
    shortDescription: { text: title },
    fullDescription: { text: description },
    help: { text: remediation },
    helpUri: reference,
    defaultConfiguration: { level: levels[severity] },
    properties: {
      'security-severity': scores[severity],
      tags: ['security', ...relatedRequirements(control)],
    },
  };
}

function resultOf(finding: Finding, ruleIndex: number): Result {
  const { evidence, resource, account, region, severity, verdict, exemption } = finding;
  const name = resourceNameOf(finding);
  // Half a surrogate, which an event may hold, is no part of a URI.
  const where = [account, region, resource.type, resource.id]
    .map((part) => encodeURIComponent(printable(part)))
    .join('/');
  return {
    ruleId: finding.control,
    ruleIndex,
    // An unknown verdict is to be reviewed; only a failure has a level. Source: SARIF, 3.27.10.
    ...(verdict === 'FAIL'
      ? { kind: 'fail' as const, level: levels[severity] }
      : { kind: 'review' as const, level: 'none' as const }),
    message: { text: `${evidence.summary} Required: ${evidence.required}.` },
    locations: [
      {
        // There is no file; GitHub takes no result without one.
        physicalLocation: { artifactLocation: { uri: where }, region: { startLine: 1 } },
        logicalLocations: [{ name: resource.id, fullyQualifiedName: name, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'trailsealFindingId/v1': finding.id },
    rank: (severities.indexOf(severity) / (severities.length - 1)) * 100,
    ...(exemption?.state === 'active'
      ? {
          suppressions: [
            {
              kind: 'external' as const,
              status: 'accepted' as const,
              justification: `${exemption.reason} (${exemption.owner}, until ${exemption.expires})`,
            },
          ],
        }
      : {}),
    properties: {
      account,
      region,
      resourceType: resource.type,
      severity,
      verdict,
      openedAt: finding.openedAt,
      actor: finding.actor.arn,
    },
  };
}

function invocationOf(
  inputErrors: RunOutput['replay']['inputErrors'],
  { scopeErrors }: RunOutput['origin'],
): Invocation {
  const notifications: Notification[] = [
    ...inputErrors.map(({ file, line, reason }) => ({
      level: 'error' as const,
      message: { text: `${file}${line === undefined ? '' : `:${line}`}: ${reason}` },
    })),
    ...scopeErrors.map((text) => ({ level: 'error' as const, message: { text } })),
  ];
  return {
    executionSuccessful: notifications.length === 0,
    ...(notifications.length === 0 ? {} : { toolExecutionNotifications: notifications }),
  };
}
