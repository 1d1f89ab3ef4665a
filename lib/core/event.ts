/** A parsed CloudTrail record, as the rest of Trailseal uses it. `lib/trail/parse.ts` makes them. */

/** Who made the call, as far as the record says. */
export interface Actor {
  /** `userIdentity.type`: IAMUser, AssumedRole, Root, AWSService, … */
  readonly type: string;
  /** The ARN; without one, a service's name or a principal id; "unknown" without any. */
  readonly arn: string;
  /** The person, role or service, short enough for a table. */
  readonly name: string;
  readonly account: string | undefined;
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
}

/** One entry of the record's own `resources[]`. */
export interface EventResource {
  readonly arn: string | undefined;
  readonly type: string | undefined;
  readonly account: string | undefined;
}

/** Whether the call changed anything. Only `success` events are evaluated. */
export type CallOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'failed'; readonly errorCode: string; readonly errorMessage: string | undefined }
  | { readonly kind: 'dry-run' };

export interface TrailEvent {
  /** `eventID`, when the record has one. Not unique by itself: see `duplicates` in the reader. */
  readonly id: string | undefined;
  readonly eventSource: string;
  readonly eventName: string;
  /** `eventTime` as epoch milliseconds (UTC); `undefined` when absent or unreadable. */
  readonly time: number | undefined;
  /**
   * The trail's account (`recipientAccountId`, else the caller's, else the owner in EC2's answer); "unknown" without
   * any.
   */
  readonly account: string;
  /** `awsRegion`; "unknown" when absent. */
  readonly region: string;
  readonly actor: Actor;
  readonly outcome: CallOutcome;
  /** `requestParameters`; `null` when absent. Read it with `lib/core/json.ts` only. */
  readonly request: unknown;
  /** `responseElements`; `null` when absent. */
  readonly response: unknown;
  readonly resources: readonly EventResource[];
  readonly additional: unknown;
  readonly serviceEventDetails: unknown;
  /** The record as it was read: evidence for people; nothing interprets it again. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A line of a cluster's audit log, parsed. Source: Kubernetes documentation, "Auditing" (audit.k8s.io/v1 Event). */
export interface AuditEvent {
  /** `auditID`. */
  readonly id: string;
  /** The account and Region of the cluster, and its name. */
  readonly account: string;
  readonly region: string;
  readonly cluster: string;
  /** `requestReceivedTimestamp` as epoch milliseconds; `undefined` when absent or unreadable. */
  readonly time: number | undefined;
  readonly actor: Actor;
  readonly verb: string;
  readonly object: {
    readonly apiGroup: string;
    readonly resource: string;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
  };
  /** `requestObject` and `responseObject`; `null` where the audit policy leaves them out. Read them with `json.ts` only. */
  readonly request: unknown;
  readonly response: unknown;
}
