/**
 * How much an entry holds at most, so that it never outgrows DynamoDB's item of 400 KB, whatever the events and the
 * resources' owners wrote: 12 observations of 16 KB, two findings of 75 KB (the entry's, and that of what was
 * dropped), tags and details of 15 KB each, before compression. Real ones have about a tenth of that.
 * Source: Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB" (item size).
 */
import { createHash } from 'node:crypto';
import type { Evidence, ObservedValue, Resource, Source } from '../../core/control.ts';
import type { Plan } from '../../policy/model.ts';
import type { Finding } from '../finding.ts';
import type { Cause, Observation, ObservedDeletion, ObservedVerdict } from '../lifecycle.ts';

/** In bytes of JSON, but for `reasons` and `keptChanges`. */
const limits = {
  key: 200,
  name: 160,
  arn: 500,
  sentence: 800,
  command: 1_000,
  reason: 250,
  /** Actions planned, and as many skipped; a control declares a handful. */
  reasons: 8,
  value: 1_500,
  observed: 5_000,
  tags: 15_000,
  details: 15_000,
  /** Changes of a finding, and events behind them. */
  keptChanges: 20,
} as const;

/**
 * The observation within the bounds, as JSON would bring it back: texts are cut and end in an ellipsis, names end in
 * their digest, and what there is no room for is left out.
 */
export function boundedObservation({ cause, resource, result }: Observation): Observation {
  const whole: Observation = {
    cause: boundedCause(cause),
    resource: boundedResource(resource),
    result: result.kind === 'deleted' ? boundedDeletion(result) : boundedVerdict(result),
  };
  return JSON.parse(JSON.stringify(whole));
}

/** The key of an observation, short enough to be kept; the same for the same key. */
export function boundedKey(key: string): string {
  return named(key, limits.key);
}

/** A resource's ARN, or its name where it has none, short enough to be kept; the same for the same. */
export function boundedName(name: string): string {
  return named(name, limits.arn);
}

/**
 * The finding with as many changes, and events, as are kept: the first one, with the time and the actor of
 * the opening, and the latest. Cut after each step of its life, it is the same as if it had been cut at the end.
 * @example boundedFinding(finding).history.length // 20 at most
 */
export function boundedFinding(finding: Finding): Finding {
  const { history, eventIds } = finding;
  if (history.length <= limits.keptChanges && eventIds.length <= limits.keptChanges) return finding;
  return { ...finding, history: ends(history), eventIds: ends(eventIds) };
}

function ends<T>(all: readonly T[]): readonly T[] {
  return all.length <= limits.keptChanges ? all : [...all.slice(0, 1), ...all.slice(1 - limits.keptChanges)];
}

/** `text` where it has at most `limit` bytes of JSON; else its beginning and its digest, so that it stays unique. */
export function named(text: string, limit: number): string {
  if (fits(text, limit)) return text;
  return `${beginning(text, limit - 65)}#${createHash('sha256').update(text).digest('hex')}`;
}

function boundedCause({ id, eventName, time, actor }: Cause): Cause {
  const { type, arn, name, account, sourceIp, userAgent } = actor;
  return {
    id: id === undefined ? undefined : named(id, limits.name),
    eventName: cut(eventName, limits.name),
    time,
    actor: {
      type: cut(type, limits.name),
      arn: cut(arn, limits.arn),
      name: cut(name, limits.name),
      account: account === undefined ? undefined : cut(account, limits.name),
      sourceIp: sourceIp === undefined ? undefined : cut(sourceIp, limits.name),
      userAgent: userAgent === undefined ? undefined : cut(userAgent, limits.name),
    },
  };
}

function boundedResource(resource: Resource): Resource {
  const { id, account, region, partOf, tags } = resource;
  const bounded = {
    id: named(id, limits.arn),
    account: named(account, limits.name),
    region: named(region, limits.name),
    ...(partOf === undefined ? {} : { partOf: boundedName(partOf) }),
    ...(tags === undefined ? {} : { tags: Object.fromEntries(within(Object.entries(tags), limits.tags)) }),
  };
  return resource.arn === undefined
    ? { type: resource.type, ...bounded }
    : { type: resource.type, arn: boundedName(resource.arn), ...bounded };
}

function boundedDeletion({ kind, because }: ObservedDeletion): ObservedDeletion {
  return { kind, because: cut(because, limits.sentence) };
}

function boundedVerdict({
  kind,
  verdict,
  evidence,
  severity,
  plan,
  exemption,
  details,
}: ObservedVerdict): ObservedVerdict {
  return {
    kind,
    verdict,
    evidence: boundedEvidence(evidence),
    severity,
    plan: boundedPlan(plan),
    exemption: exemption && {
      state: exemption.state,
      from: exemption.from,
      reason: cut(exemption.reason, limits.sentence),
      owner: cut(exemption.owner, limits.name),
      expires: exemption.expires === null ? null : cut(exemption.expires, limits.name),
      ...(exemption.endsSoon === undefined ? {} : { endsSoon: exemption.endsSoon }),
    },
    // Half of an ASFF object may be one that Security Hub refuses: it is all of it or nothing.
    details: details !== undefined && bytesOf(details) <= limits.details ? details : undefined,
  };
}

function boundedPlan({ actions, skipped }: Plan): Plan {
  return {
    actions: actions.slice(0, limits.reasons).map(({ action, reason, targets }) => ({
      action,
      reason: cut(reason, limits.reason),
      ...(targets === undefined ? {} : { targets }),
    })),
    skipped: skipped
      .slice(0, limits.reasons)
      .map(({ action, because, reason }) => ({ action, because, reason: cut(reason, limits.reason) })),
  };
}

function boundedEvidence({ summary, required, observed, command }: Evidence): Evidence {
  const kept = within(observed.map(boundedObservedValue), limits.observed);
  const left = observed.length - kept.length;
  return {
    summary: cut(summary, limits.sentence),
    required: cut(required, limits.sentence),
    observed:
      left === 0
        ? kept
        : [...kept, { what: 'more', value: `${left} more values were observed than are kept` }],
    // Half of a command is another command: it is all of it or nothing.
    ...(command === undefined || !fits(command, limits.command) ? {} : { command }),
  };
}

function boundedObservedValue({ what, value, source }: ObservedValue): ObservedValue {
  return {
    what: cut(what, limits.name),
    value: boundedValue(value),
    ...(source === undefined ? {} : { source: boundedSource(source) }),
  };
}

function boundedValue(value: ObservedValue['value']): ObservedValue['value'] {
  if (typeof value === 'string') return cut(value, limits.value);
  if (typeof value !== 'object' || value === null) return value;
  const kept = within(
    value.map((item) => cut(item, limits.arn)),
    limits.value,
  );
  return kept.length === value.length ? kept : [...kept, `… and ${value.length - kept.length} more`];
}

function boundedSource(source: Source): Source {
  switch (source.kind) {
    case 'event':
      return {
        kind: source.kind,
        eventName: cut(source.eventName, limits.name),
        eventId: source.eventId && cut(source.eventId, limits.name),
        eventTime: source.eventTime && cut(source.eventTime, limits.name),
      };
    case 'snapshot':
      return {
        kind: source.kind,
        name: cut(source.name, limits.name),
        date: cut(source.date, limits.name),
      };
    case 'api':
      return { kind: source.kind, call: cut(source.call, limits.name), at: cut(source.at, limits.name) };
  }
}

/** The first items, as far as they have room together. */
function within<T>(items: readonly T[], limit: number): T[] {
  let bytes = 2;
  const tooMany = items.findIndex((item) => {
    bytes += bytesOf(item) + 1;
    return bytes > limit;
  });
  return tooMany === -1 ? [...items] : items.slice(0, tooMany);
}

/** A text, which ends in an ellipsis where it was cut. */
function cut(text: string, limit: number): string {
  return fits(text, limit) ? text : `${beginning(text, limit - Buffer.byteLength('…'))}…`;
}

/** About as much of the text's beginning as fits, and no half of a surrogate pair at its end. */
function beginning(text: string, limit: number): string {
  let kept = text.slice(0, limit);
  for (let bytes = bytesOf(kept) - 2; bytes > limit; bytes = bytesOf(kept) - 2) {
    kept = kept.slice(0, Math.floor((kept.length * limit) / bytes));
  }
  return /[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept;
}

function fits(text: string, limit: number): boolean {
  // JSON writes a UTF-16 unit as six bytes at most.
  return text.length * 6 <= limit || (text.length <= limit && bytesOf(text) - 2 <= limit);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
