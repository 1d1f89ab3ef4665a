/** A replay or scan as plain JSON: absent values are `null`, so that every key is always there. */
import type { Evidence, Source } from '../../lib/core/control.ts';
import type { Actor } from '../../lib/core/event.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { FindingJson, ReplayJson } from './replay-schema.ts';

/** Trailseal's version, as its package has it. */
export const version: string = manifest.version;

/** What the command adds to the results: which command and version, when, from what sources and under which policy. */
export interface RunOrigin {
  readonly command: 'replay' | 'scan';
  readonly version: string;
  readonly generatedAt: string;
  readonly sources: readonly string[];
  readonly policy: string;
  /** What was asked for and is not there, or why nothing was evaluated: one sentence each. */
  readonly scopeErrors: readonly string[];
  /** Names by account id, as far as they were given. */
  readonly accountNames: ReadonlyMap<string, string>;
}

export function replayJson(replay: Replay, origin: RunOrigin): ReplayJson {
  const { period, files, skipped, records, matched, ignored, rejected, verdicts, posture } = replay;
  return {
    trailseal: origin.version,
    generatedAt: origin.generatedAt,
    sources: [...origin.sources],
    policy: origin.policy,
    period: { ...period },
    files,
    skipped: skippedJson(skipped),
    records,
    matched,
    ignored: { ...ignored },
    rejected,
    verdicts: { ...verdicts },
    posture: { ...posture },
    findings: replay.findings.map(findingJson),
    inputErrors: inputErrorsJson(replay.inputErrors),
    scopeErrors: [...origin.scopeErrors],
  };
}

export function skippedJson(skipped: Replay['skipped']): ReplayJson['skipped'] {
  return skipped.map(({ file, why }) => ({ file, reason: why }));
}

export function inputErrorsJson(errors: Replay['inputErrors']): ReplayJson['inputErrors'] {
  return errors.map((error) => ({ ...error }));
}

export function findingJson(finding: Finding): FindingJson {
  const { plan, closing, exemption } = finding;
  return {
    id: finding.id,
    control: finding.control,
    title: finding.title,
    severity: finding.severity,
    verdict: finding.verdict,
    status: finding.status,
    resource: { ...finding.resource, arn: finding.resource.arn ?? null },
    account: finding.account,
    region: finding.region,
    openedAt: finding.openedAt,
    closedAt: finding.closedAt,
    eventIds: [...finding.eventIds],
    actor: actorJson(finding.actor),
    evidence: evidenceJson(finding.evidence),
    closing: closing && { actor: actorJson(closing.actor), summary: closing.summary },
    plan: {
      actions: plan.actions.map(({ action, reason, targets }) => ({
        action,
        reason,
        ...(targets === undefined ? {} : { targets: [...targets] }),
      })),
      skipped: plan.skipped.map((action) => ({ ...action })),
    },
    exemption: exemption && { ...exemption },
    history: finding.history.map((transition) => ({ ...transition, actor: actorJson(transition.actor) })),
  };
}

export function evidenceJson(evidence: Evidence): FindingJson['evidence'] {
  return {
    summary: evidence.summary,
    required: evidence.required,
    observed: evidence.observed.map(({ what, value, source }) => ({
      what,
      value: Array.isArray(value) ? [...value] : (value as string | number | boolean | null),
      source: source === undefined ? null : sourceJson(source),
    })),
    ...(evidence.command === undefined ? {} : { command: evidence.command }),
  };
}

export function sourceJson(
  source: Source,
): NonNullable<FindingJson['evidence']['observed'][number]['source']> {
  return source.kind === 'event'
    ? { ...source, eventId: source.eventId ?? null, eventTime: source.eventTime ?? null }
    : { ...source };
}

function actorJson(actor: Actor): FindingJson['actor'] {
  const { type, arn, name, account, sourceIp, userAgent } = actor;
  return {
    type,
    arn,
    name,
    account: account ?? null,
    sourceIp: sourceIp ?? null,
    userAgent: userAgent ?? null,
  };
}
