/**
 * The life of a finding, pure: FAIL opens, PASS closes what was open, the end of the resource archives it, and
 * UNKNOWN leaves what there is as it is (it opens a finding only where there was none).
 */
import type { Control, Evaluation, Resource, Severity, TrailEvent, Verdict } from '../core/control.ts';
import type { Plan } from '../policy/plan.ts';
import type { Finding, FindingExemption, Transition } from './finding.ts';
import { findingId } from './id.ts';

/** What made somebody look: an event of the trail, or a scheduled scan, which stands for one. */
export type Cause = Pick<TrailEvent, 'id' | 'eventName' | 'time' | 'actor'>;

/** What a verdict does to a finding that stood as `previous`. */
export type Change = 'open' | 'keep' | 'close' | 'none';

/** @returns `open` also for a reopening, and for a doubt (UNKNOWN) that turned out to be a failure. */
export function changeOf(previous: Finding | undefined, verdict: Verdict): Change {
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

export interface Opening {
  readonly control: Control;
  readonly resource: Resource;
  readonly severity: Severity;
  readonly evaluation: Evaluation;
  readonly event: Cause;
  readonly plan: Plan;
  readonly exemption: FindingExemption | undefined;
}

/** A finding opened for the first time, or again: then its id and its history go on. */
export function openFinding(previous: Finding | undefined, opening: Opening): Finding {
  const { control, resource, severity, evaluation, event, plan, exemption } = opening;
  const verdict = evaluation.verdict === 'UNKNOWN' ? 'UNKNOWN' : 'FAIL';
  const { type, id, arn } = resource;
  return {
    id: previous?.id ?? findingId(control.id, resource),
    control: control.id,
    title: control.title,
    severity,
    verdict,
    status: 'OPEN',
    resource: { type, id, arn },
    account: resource.account,
    region: resource.region,
    openedAt: timeOf(event),
    closedAt: null,
    eventIds: withEvent(previous, event),
    actor: event.actor,
    evidence: evaluation.evidence,
    closing: null,
    plan,
    exemption: exemption ?? null,
    history: [...(previous?.history ?? []), transition('OPEN', verdict, event, evaluation.evidence.summary)],
  };
}

/** An open finding that failed again: the evidence is the newest, everything else stays. */
export function keepFinding(previous: Finding, evaluation: Evaluation, event: Cause): Finding {
  return { ...previous, evidence: evaluation.evidence, eventIds: withEvent(previous, event) };
}

/** An open finding whose resource passes now. */
export function resolveFinding(previous: Finding, evaluation: Evaluation, event: Cause): Finding {
  const { summary } = evaluation.evidence;
  return {
    ...previous,
    status: 'RESOLVED',
    closedAt: timeOf(event),
    eventIds: withEvent(previous, event),
    closing: { actor: event.actor, summary },
    history: [...previous.history, transition('RESOLVED', previous.verdict, event, summary)],
  };
}

/** A finding whose resource was deleted. One that was resolved before keeps the time and the reason of that. */
export function archiveFinding(
  previous: Finding,
  event: Cause,
  summary = `The resource was deleted: ${event.eventName}.`,
): Finding {
  if (previous.status === 'ARCHIVED') return previous;
  const open = previous.status === 'OPEN';
  return {
    ...previous,
    status: 'ARCHIVED',
    closedAt: open ? timeOf(event) : previous.closedAt,
    eventIds: withEvent(previous, event),
    closing: open ? { actor: event.actor, summary } : previous.closing,
    history: [...previous.history, transition('ARCHIVED', previous.verdict, event, summary)],
  };
}

function withEvent(previous: Finding | undefined, event: Cause): readonly string[] {
  const ids = previous?.eventIds ?? [];
  return event.id === undefined || ids.includes(event.id) ? ids : [...ids, event.id];
}

function transition(
  status: Transition['status'],
  verdict: Transition['verdict'],
  event: Cause,
  summary: string,
): Transition {
  const { eventName, actor } = event;
  return { status, verdict, at: timeOf(event), eventName, eventId: event.id ?? null, actor, summary };
}

function timeOf(event: Cause): string | null {
  return event.time === undefined ? null : new Date(event.time).toISOString();
}
