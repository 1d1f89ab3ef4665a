/** A finding: a verdict of FAIL or UNKNOWN, followed through time. There is one for each control and resource. */
import type { Evidence, ResourceType, Severity } from '../core/control.ts';
import type { Actor } from '../core/event.ts';
import type { FindingExemption, Plan } from '../policy/model.ts';

export const statuses = ['OPEN', 'RESOLVED', 'ARCHIVED'] as const;
/** OPEN until the resource passes (RESOLVED) or was deleted (ARCHIVED). */
export type Status = (typeof statuses)[number];

/** One change of a finding's status, and the event behind it. */
export interface StatusChange {
  readonly status: Status;
  readonly verdict: 'FAIL' | 'UNKNOWN';
  /** ISO 8601, UTC; `null` when the event has no time. */
  readonly at: string | null;
  readonly eventName: string;
  readonly eventId: string | null;
  readonly actor: Actor;
  readonly summary: string;
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
  /** Without `arn` where its type has none. */
  readonly resource: { readonly type: ResourceType; readonly id: string; readonly arn?: string };
  readonly account: string;
  readonly region: string;
  /** When it was opened (last, if it was reopened): ISO 8601, UTC; `null` when the event has no time. */
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
  readonly history: readonly StatusChange[];
}
