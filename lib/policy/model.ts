/**
 * The model of the policy: what applies to each control, what is exempt, how much may be done, and the plan that is decided
 * under it. A policy file is checked and assembled to it (`file/`); plans are decided by it (`decide/`).
 */

import type { ActionSettings } from '../core/action-settings.ts';
import type { Action, Severity } from '../core/control.ts';
import type { AllowedCustomAction } from './custom-actions.ts';
import type { NotificationRoute, NotificationTarget } from './notifications.ts';

/** The effective policy, with every default filled in. */
export interface Policy {
  /** The name of its file; `undefined` for the policy that applies without a file. */
  readonly file: string | undefined;
  /** Accounts with which resources may be shared: 12 digits each. */
  readonly allowedAccounts: readonly string[];
  /** One entry for every control, by its id. */
  readonly controls: ReadonlyMap<string, ControlPolicy>;
  readonly exemptions: readonly Exemption[];
  /** `undefined`: no tag exempts a resource. */
  readonly exemptionTags: ExemptionTags | undefined;
  /** Parsed by each action's own schema, so that actions use them as they are. */
  readonly actions: ActionSettings;
  /** The actions that may have permissions which IAM can't narrow to what they do, each once. */
  readonly broadPermissions: readonly Action[];
  /** What operators may request in Security Hub, each once. */
  readonly customActions: readonly AllowedCustomAction[];
  readonly guardrails: Guardrails;
  /** Where notifications go; `undefined`: to every target, of every FAIL. */
  readonly notifications: readonly NotificationRoute[] | undefined;
}

/** What applies to one control. */
export interface ControlPolicy {
  readonly enabled: boolean;
  readonly severity: Severity;
  /** Parsed by the control's own schema, so that its `evaluate` uses them as they are. */
  readonly settings: unknown;
  /** What is done when the control fails; all of them are among the control's actions. */
  readonly actions: readonly Action[];
}

/** An exemption of the policy file. Every criterion that is given must match; one that is `undefined` matches everything. */
export interface Exemption {
  readonly controls: readonly string[] | undefined;
  readonly accounts: readonly string[] | undefined;
  readonly regions: readonly string[] | undefined;
  /** Patterns of the resource's ARN, of which one must match. */
  readonly resources: readonly string[] | undefined;
  /** Patterns of values by tag; the resource must have every one of these tags. */
  readonly tags: ReadonlyMap<string, string> | undefined;
  readonly reason: string;
  readonly owner: string;
  /** The last day (UTC) on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** From which controls, and for how long, a tag on a resource may exempt it. */
export interface ExemptionTags {
  readonly controls: readonly string[] | 'all';
  /** Maximum number of days from now to the last day of such an exemption. */
  readonly maxDays: number;
}

/** The highest `maxDays` that a policy may set. */
export const longestTagExemption = 365;

/** For how many days an exemption of the policy file may hold from now, where the policy sets no `exemptionMaxDays`. */
export const longestExemption = 365;

/**
 * When an exemption ends: the end of its last day in UTC, epoch milliseconds.
 * @param lastDay `YYYY-MM-DD`.
 * @example endOf('2027-01-31') // Date.parse('2027-02-01T00:00:00Z')
 */
export function endOf(lastDay: string): number {
  return Date.parse(`${lastDay}T00:00:00Z`) + 86_400_000;
}

export const exemptionStates = ['active', 'expired', 'refused'] as const;
/** Where an exemption may come from: the policy file, a tag on the resource, or an operator, for one finding. */
export const exemptionOrigins = ['policy', 'tag', 'operator'] as const;

/** The exemption that covers a finding, or that covered it until it expired, or a tag that asks for one and gets none. */
export interface FindingExemption {
  /** `refused`: the resource has the exemption tag, but the policy does not accept it. */
  readonly state: (typeof exemptionStates)[number];
  readonly from: (typeof exemptionOrigins)[number];
  /** Why the resource is exempt; of a refused one, why it is not. */
  readonly reason: string;
  readonly owner: string;
  /** The last day (UTC) on which it holds, `YYYY-MM-DD`; `null` where a refused one names none. */
  readonly expires: string | null;
  /** Set while it is active and ends within a week: the time to notify its owner. */
  readonly endsSoon?: true | undefined;
}

export const actionKinds = ['tag', 'quarantine', 'fix'] as const;
/** The kinds of action that change something. A notification changes nothing and is not limited. */
export type ActionKind = (typeof actionKinds)[number];

/**
 * The kind of an action; `undefined` for one that changes nothing.
 * @example kindOf('fix:enable-key') // 'fix'
 */
export function kindOf(action: Action): ActionKind | undefined {
  if (action === 'notify') return undefined;
  return action === 'tag' || action === 'quarantine' ? action : 'fix';
}

/** Limits on what is done, whatever actions the controls list. */
export interface Guardrails {
  readonly actionsPerHour: Readonly<Record<ActionKind, RateLimits>>;
  /** Patterns of values by tag: a resource that has one of these tags is never changed. */
  readonly protectedTags: ReadonlyMap<string, readonly string[]>;
  /** Between the finding and the action, in milliseconds: until then a fix, an exemption or a person can prevent it. */
  readonly gracePeriod: Readonly<Record<DelayedActionKind, number>>;
  /** What follows where somebody reverts an action while its finding is open. */
  readonly whenReverted: WhenReverted;
}

/** What the policy may say for an action that somebody reverted; the last one writes the most. */
export const reversalResponses = ['leave', 'notify', 'repeat'] as const;
/**
 * `repeat`: it is done again, at most `maxRepeats` times. `notify`: people are notified, and it is not done again. `leave`:
 * the run history and the bus tell it, and nobody is notified.
 */
export type ReversalResponse = (typeof reversalResponses)[number];

export interface WhenReverted extends Readonly<Record<ActionKind, ReversalResponse>> {
  /**
   * How often one action is repeated for one failure at most, so that a fight with somebody's automation ends; people are
   * notified then.
   */
  readonly maxRepeats: number;
}

/**
 * Where the policy sets nothing. Who asks for a fix or a tag means it to last; whoever puts the network of an instance back
 * may have a reason that costs an outage, and is asked.
 */
export const defaultWhenReverted: WhenReverted = {
  tag: 'repeat',
  fix: 'repeat',
  quarantine: 'notify',
  maxRepeats: 3,
};

/** The highest `maxRepeats` that a policy may set. */
export const mostRepeats = 20;

/** Maximum number of actions of one kind in any sliding hour. */
export interface RateLimits {
  readonly perAccount: number;
  /** Because of one principal, in all accounts together; of the part that is not reserved. */
  readonly perActor: number;
  /** In all accounts together. */
  readonly total: number;
  /** Per cent of `perAccount` and of `total` that only CRITICAL findings may use. */
  readonly reservedForCritical: number;
}

/** The limits of each kind of action for which the policy sets none; the share of a principal follows from them. */
export const defaultLimits: Omit<RateLimits, 'perActor'> = {
  perAccount: 10,
  total: 50,
  reservedForCritical: 30,
};

/** The highest limit that a policy may set: a higher one would limit nothing, and the state table counts every run. */
export const highestLimit = 1_000;

/** The kinds of action that have a grace period. */
export type DelayedActionKind = 'fix' | 'quarantine';

/** The grace periods where the policy sets none, in milliseconds. */
export const defaultGracePeriod: Readonly<Record<DelayedActionKind, number>> = {
  fix: 0,
  quarantine: 15 * 60_000,
};

/** The longest grace period that a policy may set, in milliseconds: a failure that may wait longer needs an exemption. */
export const longestGracePeriod = 7 * 24 * 3_600_000;

/** The grace period of an action, in milliseconds; 0 for a kind of action that has none. */
export function gracePeriodOf({ gracePeriod }: Guardrails, action: Action): number {
  const kind = kindOf(action);
  return kind === 'fix' || kind === 'quarantine' ? gracePeriod[kind] : 0;
}

/** What is to be done about a verdict, and what is not: every action of the control, each with its reason. */
export interface Plan {
  readonly actions: readonly PlannedAction[];
  readonly skipped: readonly SkippedAction[];
}

export interface PlannedAction {
  readonly action: Action;
  /** Of a notification, where it goes; left out where it goes to every target. */
  readonly targets?: readonly NotificationTarget[] | undefined;
  /** A sentence. */
  readonly reason: string;
}

export interface SkippedAction {
  readonly action: Action;
  readonly because: SkippedBecause;
  /** A sentence with the figures or names that the reason rests on. */
  readonly reason: string;
}

/**
 * Why an action is skipped. The first six follow from the policy and the resource; the others are known to a deployment
 * only.
 */
export const skippedBecause = [
  'not-in-policy',
  'unknown-verdict',
  'exempt',
  'guardrail',
  'protected-resource',
  'no-resource-id',
  'suppressed',
  'suppression-unknown',
  'own-resource',
  'kill-switch',
  'breaker-open',
  'stale-verdict',
] as const;
export type SkippedBecause = (typeof skippedBecause)[number];
