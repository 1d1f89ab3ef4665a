/**
 * An entry of the ledger: all that is known of one control's verdicts on one resource. Pure. The same observations
 * make the same entry in whatever order they come and however often, because they are kept, each once, in the
 * order in which they were made, and the finding is always made anew from all of them.
 */
import type { Control, Evidence, Resource, Severity, Verdict } from '../control.ts';
import type { Finding, FindingExemption } from '../findings/finding.ts';
import { findingId } from '../findings/id.ts';
import {
  archiveFinding,
  type Cause,
  changeOf,
  keepFinding,
  openFinding,
  resolveFinding,
} from '../findings/lifecycle.ts';
import type { Plan } from '../policy/plan.ts';

/** What was seen of a resource once, and because of what. */
export interface Observation {
  /** What tells it from others: the event's id, or that of a sweep's look. One that comes again says nothing new. */
  readonly key: string;
  /**
   * Epoch milliseconds: just before the facts began to be read, so that of two the later knows the newer state; of
   * an ending that no facts could confirm, the time of the event. Observations are ordered by it.
   */
  readonly at: number;
  readonly cause: Cause;
  readonly resource: Resource;
  readonly result: Judged | Gone;
}

export interface Judged {
  readonly kind: 'judged';
  readonly verdict: Verdict;
  readonly evidence: Evidence;
  /** As the policy has it. */
  readonly severity: Severity;
  readonly plan: Plan;
  readonly exemption: FindingExemption | undefined;
  /** ASFF's `Resource.Details` for its type, as far as the facts tell. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

export interface Gone {
  readonly kind: 'gone';
  /** A sentence for people. */
  readonly because: string;
}

export interface Entry {
  /** The finding's id, whether or not there ever was a finding. */
  readonly id: string;
  readonly control: string;
  /** As the latest observation has it. */
  readonly resource: Resource;
  /** The latest ones, oldest first. */
  readonly observations: readonly Observation[];
  /** What came of all older ones, and when the last of them was made; `undefined` while none was dropped. */
  readonly base: { readonly finding: Finding | undefined; readonly at: number } | undefined;
  /** What came of all observations; `undefined` while there was nothing to tell anybody. */
  readonly finding: Finding | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** So many observations are kept one by one; disorder that reaches further back than these is not put right. */
export const remembered = 12;

/** Whether the observation has been taken into account, or can't be any more. */
export function knows(entry: Entry | undefined, observation: Pick<Observation, 'key' | 'at'>): boolean {
  if (entry === undefined) return false;
  return (
    entry.observations.some(({ key }) => key === observation.key) ||
    (entry.base !== undefined && observation.at <= entry.base.at)
  );
}

/**
 * The entry with one more observation taken into account.
 * @returns the entry itself, not a copy, when the observation says nothing new.
 */
export function withObservation(entry: Entry | undefined, control: Control, observation: Observation): Entry {
  if (entry !== undefined && knows(entry, observation)) return entry;
  const all = [...(entry?.observations ?? []), observation].sort(inOrder);
  const dropped = all.slice(0, Math.max(0, all.length - remembered));
  const observations = all.slice(dropped.length);
  const last = dropped.at(-1);
  const base =
    last === undefined ? entry?.base : { finding: fold(control, entry?.base?.finding, dropped), at: last.at };
  const newest = observations.at(-1) ?? observation;
  return {
    id: entry?.id ?? findingId(control.id, observation.resource),
    control: control.id,
    resource: newest.resource,
    observations,
    base,
    finding: fold(control, base?.finding, observations),
    details: detailsIn(observations) ?? entry?.details,
  };
}

function detailsIn(observations: readonly Observation[]): Entry['details'] {
  return observations
    .map(({ result }) => (result.kind === 'judged' ? result.details : undefined))
    .findLast((details) => details !== undefined);
}

/** By time; those of the same millisecond by key, so that there is but one order. */
function inOrder(a: Observation, b: Observation): number {
  return a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function fold(
  control: Control,
  base: Finding | undefined,
  observations: readonly Observation[],
): Finding | undefined {
  let finding = base;
  for (const observation of observations) finding = next(control, finding, observation);
  return finding;
}

function next(
  control: Control,
  previous: Finding | undefined,
  { cause, resource, result }: Observation,
): Finding | undefined {
  if (result.kind === 'gone') {
    return previous === undefined ? undefined : archiveFinding(previous, cause, result.because);
  }
  const { verdict, evidence, severity, plan, exemption } = result;
  const judgement = { verdict, evidence };
  switch (changeOf(previous, verdict)) {
    case 'open':
      return openFinding(previous, { control, resource, severity, judgement, event: cause, plan, exemption });
    case 'keep':
      return previous === undefined
        ? undefined
        : { ...keepFinding(previous, judgement, cause), severity, plan, exemption: exemption ?? null };
    case 'close':
      return previous === undefined ? undefined : resolveFinding(previous, judgement, cause);
    case 'none':
      return previous;
  }
}
