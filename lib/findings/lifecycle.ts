/**
 * The life of a finding, pure: one fold over what was observed of one resource by one control, in the order of time. It
 * is the same in replay, in a scan and live. FAIL opens, PASS closes what was open, the deletion of the resource
 * archives it, and UNKNOWN leaves what there is as it is (it opens a finding only where there was none).
 */
import type { Control, Evidence, Resource, Severity, TrailEvent, Verdict } from '../core/control.ts';
import type { FindingExemption, Plan } from '../policy/model.ts';
import type { Finding, StatusChange } from './finding.ts';
import { findingId } from './id.ts';

/** What made somebody evaluate a resource: an event of the trail, or a scan, which stands for one. */
export type Cause = Pick<TrailEvent, 'id' | 'eventName' | 'time' | 'actor'>;

/** What was observed of one resource at one moment, and because of what. */
export interface Observation {
  readonly cause: Cause;
  readonly resource: Resource;
  readonly result: ObservedVerdict | ObservedDeletion;
}

/** The resource was evaluated. */
export interface ObservedVerdict {
  readonly kind: 'evaluated';
  readonly verdict: Verdict;
  readonly evidence: Evidence;
  /** As the policy has it. */
  readonly severity: Severity;
  readonly plan: Plan;
  readonly exemption: FindingExemption | undefined;
  /** ASFF's `Resource.Details` for its type, as far as the facts are known. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** The resource was deleted. */
export interface ObservedDeletion {
  readonly kind: 'deleted';
  /** A sentence for people. */
  readonly because: string;
}

/** What a verdict does to a finding that stood as `previous`. */
export type FindingChange = 'open' | 'keep' | 'close' | 'none';

/**
 * @returns `open` also for a reopening, and for a doubt (UNKNOWN) that turned out to be a failure.
 * @example changeOf(undefined, 'FAIL') // 'open'
 */
export function changeOf(previous: Finding | undefined, verdict: Verdict): FindingChange {
  const open = previous?.status === 'OPEN' ? previous : undefined;
  switch (verdict) {
    case 'FAIL':
      return open?.verdict === 'FAIL' ? 'keep' : 'open';
    case 'UNKNOWN':
      return previous === undefined ? 'open' : 'none';
    case 'PASS':
    case 'NOT_APPLICABLE':
      return open === undefined ? 'none' : 'close';
  }
}

/**
 * The finding with one more observation taken into account. A failure that fails again keeps when and by whom it was
 * opened; its evidence, severity, plan and exemption are those of the newest observation.
 * @param previous the finding so far; `undefined` where there is none.
 * @param observation later than all that were taken into account before.
 * @returns the finding itself, not a copy, where nothing changes; `undefined` where there still is none.
 * @example
 * const opened = foldFinding(undefined, control, failed); // OPEN
 * const closed = foldFinding(opened, control, passed); // RESOLVED
 * foldFinding(closed, control, { cause, resource, result: deletionBecause('DeleteVolume') }); // ARCHIVED
 */
export function foldFinding(
  previous: Finding | undefined,
  control: Pick<Control, 'id' | 'title'>,
  observation: Observation,
): Finding | undefined {
  const { cause, result } = observation;
  if (result.kind === 'deleted') return previous && archived(previous, cause, result.because);
  switch (changeOf(previous, result.verdict)) {
    case 'open':
      return opened(previous, control, observation, result);
    case 'keep':
      return previous && failedAgain(previous, cause, result);
    case 'close':
      return previous && resolved(previous, cause, result);
    case 'none':
      return previous;
  }
}

/**
 * The deletion of a resource, in the words of a finding.
 * @param because how it is known: an event's name, or a clause.
 * @example deletionBecause('DeleteVolume').because // 'The resource was deleted: DeleteVolume.'
 */
export function deletionBecause(because: string): ObservedDeletion {
  return { kind: 'deleted', because: `The resource was deleted: ${because}.` };
}

/** A finding opened for the first time, or again: then its id and its history go on. */
function opened(
  previous: Finding | undefined,
  control: Pick<Control, 'id' | 'title'>,
  { cause, resource }: Observation,
  { verdict, evidence, severity, plan, exemption }: ObservedVerdict,
): Finding {
  const openingVerdict = verdict === 'UNKNOWN' ? 'UNKNOWN' : 'FAIL';
  const { type, id, arn, account, region } = resource;
  return {
    id: previous?.id ?? findingId(control.id, resource),
    control: control.id,
    title: control.title,
    severity,
    verdict: openingVerdict,
    status: 'OPEN',
    resource: { type, id, ...(arn === undefined ? {} : { arn }) },
    account,
    region,
    openedAt: timeOf(cause),
    closedAt: null,
    eventIds: withEvent(previous, cause),
    actor: cause.actor,
    evidence,
    closing: null,
    plan,
    exemption: exemption ?? null,
    history: [...(previous?.history ?? []), statusChange('OPEN', openingVerdict, cause, evidence.summary)],
  };
}

function failedAgain(
  previous: Finding,
  cause: Cause,
  { evidence, severity, plan, exemption }: ObservedVerdict,
): Finding {
  return {
    ...previous,
    severity,
    evidence,
    plan,
    exemption: exemption ?? null,
    eventIds: withEvent(previous, cause),
  };
}

function resolved(previous: Finding, cause: Cause, { evidence: { summary } }: ObservedVerdict): Finding {
  return {
    ...previous,
    status: 'RESOLVED',
    closedAt: timeOf(cause),
    eventIds: withEvent(previous, cause),
    closing: { actor: cause.actor, summary },
    history: [...previous.history, statusChange('RESOLVED', previous.verdict, cause, summary)],
  };
}

/** One that was resolved before keeps the time and the reason of that. */
function archived(previous: Finding, cause: Cause, because: string): Finding {
  if (previous.status === 'ARCHIVED') return previous;
  const open = previous.status === 'OPEN';
  return {
    ...previous,
    status: 'ARCHIVED',
    closedAt: open ? timeOf(cause) : previous.closedAt,
    eventIds: withEvent(previous, cause),
    closing: open ? { actor: cause.actor, summary: because } : previous.closing,
    history: [...previous.history, statusChange('ARCHIVED', previous.verdict, cause, because)],
  };
}

function withEvent(previous: Finding | undefined, { id }: Cause): readonly string[] {
  const ids = previous?.eventIds ?? [];
  return id === undefined || ids.includes(id) ? ids : [...ids, id];
}

function statusChange(
  status: StatusChange['status'],
  verdict: StatusChange['verdict'],
  cause: Cause,
  summary: string,
): StatusChange {
  const { eventName, actor } = cause;
  return { status, verdict, at: timeOf(cause), eventName, eventId: cause.id ?? null, actor, summary };
}

function timeOf({ time }: Cause): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
