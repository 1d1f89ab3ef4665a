/** A finding: a verdict of FAIL or UNKNOWN, followed through time. There is one for each control and resource. */
import type { Evidence, ResourceType, Severity } from '../core/control.ts';
import type { Actor } from '../core/event.ts';
import type { Plan } from '../policy/plan.ts';

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

export const exemptionStates = ['active', 'expired', 'refused'] as const;
/** Where an exemption may come from: the policy file, a tag on the resource, or an operator, for one finding. */
export const exemptionOrigins = ['policy', 'tag', 'operator'] as const;

/** The exemption that covers a finding, or covered it until it expired; or a tag that asks for one and gets none. */
export interface FindingExemption {
  /** `refused`: the resource has the tag that exempts, but the tag exempts nothing. */
  readonly state: (typeof exemptionStates)[number];
  readonly from: (typeof exemptionOrigins)[number];
  /** Why the resource is exempt; of a refused one, why it is not. */
  readonly reason: string;
  readonly owner: string;
  /** The last day on which it holds, `YYYY-MM-DD`; `null` where a refused one names none. */
  readonly expires: string | null;
  /** Set while it is active and ends within a week: its owner is notified. */
  readonly endsSoon?: true | undefined;
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
