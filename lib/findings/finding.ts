/** A finding: a verdict that somebody must know of, followed through time. One for a control and a resource. */
import { createHash } from 'node:crypto';
import type { Evidence, Resource, ResourceType, Severity } from '../control.ts';
import type { Plan } from '../policy/plan.ts';
import type { Actor } from '../trail/event.ts';

export const statuses = ['OPEN', 'RESOLVED', 'ARCHIVED'] as const;
/** OPEN until the resource passes (RESOLVED) or is gone (ARCHIVED). */
export type Status = (typeof statuses)[number];

/** One change of a finding, and the event behind it. */
export interface Transition {
  readonly status: Status;
  readonly verdict: 'FAIL' | 'UNKNOWN';
  /** ISO 8601, UTC; `null` when the event bears no time. */
  readonly at: string | null;
  readonly eventName: string;
  readonly eventId: string | null;
  readonly actor: Actor;
  readonly summary: string;
}

/** The exemption that covers a finding, or that covered it until it expired. */
export interface FindingExemption {
  readonly state: 'active' | 'expired';
  readonly reason: string;
  readonly owner: string;
  /** The last day on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

export interface Finding {
  /** `trailseal/<control>/<account>/<region>/<resource id>`, at most 512 characters. */
  readonly id: string;
  readonly control: string;
  readonly title: string;
  readonly severity: Severity;
  /** The verdict that opened it; it stays when the finding is closed. */
  readonly verdict: 'FAIL' | 'UNKNOWN';
  readonly status: Status;
  readonly resource: { readonly type: ResourceType; readonly id: string; readonly arn: string };
  readonly account: string;
  readonly region: string;
  /** When it was opened (last, if it was reopened): ISO 8601, UTC; `null` when the event bears no time. */
  readonly openedAt: string | null;
  readonly closedAt: string | null;
  /** The events behind its history, the opening one first; without those that have no `eventID`. */
  readonly eventIds: readonly string[];
  /** Who opened it. */
  readonly actor: Actor;
  /** What the opening verdict rests on. */
  readonly evidence: Evidence;
  /** What the closing rests on; `null` while open. */
  readonly closing: { readonly actor: Actor; readonly summary: string } | null;
  readonly plan: Plan;
  readonly exemption: FindingExemption | null;
  readonly history: readonly Transition[];
}

/** ASFF's limit on a finding's Id, in characters. Source: Security Hub API model. */
const maxIdLength = 512;

/** The deterministic id: the same truth told twice is one finding. One that is too long ends in its own digest. */
export function findingId(control: string, resource: Resource): string {
  const id = `trailseal/${control}/${resource.account}/${resource.region}/${resource.id}`;
  if (id.length <= maxIdLength) return id;
  const digest = createHash('sha256').update(id).digest('hex');
  return `${id.slice(0, maxIdLength - digest.length - 1)}#${digest}`;
}
