/** What doctor looked at, as plain data: everything that `assess` evaluates. */

import type { ListenerName, QueueName } from '../../lib/aws/names.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import type { CustomActionName } from '../../lib/policy/custom-actions.ts';
import type { Kind } from '../../lib/policy/guardrails.ts';
import type { Breaker } from '../../lib/remediation/limits.ts';
import type { Seen } from '../aws/answer.ts';
import type { DeployedCustomAction } from '../custom-actions/changes.ts';
import type { Trail } from './trails.ts';

export interface Observed {
  readonly stage: string;
  readonly identity: Seen<Identity>;
  /** Empty where the identity is not known: nobody could answer anything else. */
  readonly regions: readonly ObservedRegion[];
}

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export interface ObservedRegion {
  readonly account: string;
  readonly region: string;
  readonly trails: Seen<readonly Trail[]>;
  /** Whether Security Hub is on. */
  readonly hub: Seen<boolean>;
  /** By their names. */
  readonly rules: Readonly<Record<string, Seen<Rule | undefined>>>;
  /** What orders the scheduled scan. */
  readonly schedule: Seen<Schedule | undefined>;
  readonly queues: Readonly<Record<QueueName, QueuePair>>;
  readonly functions: Readonly<Record<QueueName, Seen<DeployedFunction | undefined>>>;
  /** What the function's role may do, of what it needs; `undefined` where there is no function. */
  readonly permissions: Readonly<Record<QueueName, Seen<readonly Simulated[]> | undefined>>;
  /** What the caller may do, of what a scan needs. */
  readonly callersPermissions: Seen<readonly Simulated[]>;
  /** What a deployment of these controls consists of. */
  readonly wanted: readonly Wanted[];
  /** What acts and tells; `undefined` where the policy asks for nothing of that, or nothing at all is deployed. */
  readonly acting: ObservedActing | undefined;
}

/** A rule of an evaluator whose controls are not all switched off, and what it should wait for. */
export interface Wanted {
  readonly evaluator: EvaluatorName;
  /** The rule's name. */
  readonly rule: string;
  readonly pattern: EventPattern;
}

export interface Rule {
  /** As EventBridge has it: JSON. */
  readonly pattern: string | undefined;
  readonly state: string | undefined;
  readonly targets: Seen<readonly Target[]>;
}

export interface Schedule {
  readonly state: string | undefined;
  /** As Scheduler has it: `rate(6 hours)`. */
  readonly rate: string | undefined;
  readonly target: Target;
}

export interface Target {
  readonly arn: string | undefined;
  readonly deadLetterArn: string | undefined;
}

export interface QueuePair {
  readonly queue: Seen<QueueState | undefined>;
  readonly deadLetters: Seen<QueueState | undefined>;
}

/** So many messages, about: SQS counts them over many servers. */
export interface QueueState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface DeployedFunction {
  readonly role: string | undefined;
  readonly state: string | undefined;
  readonly stateReason: string | undefined;
  readonly lastUpdate: string | undefined;
  /** Its variables; `undefined` where Lambda could not decrypt them for the caller. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  /** What feeds it. */
  readonly sources: Seen<readonly EventSource[]>;
}

export interface EventSource {
  readonly id: string;
  /** Of the queue or stream. */
  readonly arn: string | undefined;
  readonly state: string | undefined;
}

/** What IAM says of one action, on a resource such as it would be used on. */
export interface Simulated {
  readonly action: string;
  readonly allowed: boolean;
  /** Whether an organization's policy, and no policy of the account, stands against it. */
  readonly deniedByOrganization: boolean;
  /** Keys of conditions that IAM could not fill in, so that its answer is no answer. */
  readonly missingContext: readonly string[];
}

/** What acts upon findings, tells of them and takes orders, as far as the policy wants it. */
export interface ObservedActing {
  /** What tells the bus of what changes in the state table, and the bus. */
  readonly transitions: ObservedTransitions | undefined;
  readonly listeners: readonly ObservedListener[];
  /** The kill switch and the breakers. */
  readonly guards: ObservedGuards | undefined;
  /** Whom `notify` tells; `undefined` where there is no such function. */
  readonly told: Seen<ObservedTold> | undefined;
  readonly customActionNames: ObservedCustomActions | undefined;
}

export interface ObservedTransitions {
  readonly bus: Seen<true | undefined>;
  readonly found: Seen<DeployedFunction | undefined>;
  readonly deadLetters: Seen<QueueState | undefined>;
}

export interface ObservedListener {
  readonly name: ListenerName;
  readonly rules: readonly ObservedRule[];
  readonly queues: QueuePair;
  readonly found: Seen<DeployedFunction | undefined>;
}

export interface ObservedRule {
  /** The one of Trailseal's own, or the account's default one. */
  readonly bus: 'own' | 'default';
  readonly rule: Seen<Rule | undefined>;
}

export interface ObservedGuards {
  /** What the parameter says. */
  readonly killSwitch: Seen<string | undefined>;
  /** Those that are open; `undefined` where there is no state table. */
  readonly breakers: Seen<Readonly<Partial<Record<ActionKind, OpenBreaker>>> | undefined>;
}

export interface ObservedTold {
  readonly topics: readonly ObservedTopic[];
  /** How many. */
  readonly webhooks: number;
}

export interface ObservedTopic {
  readonly arn: string;
  /** How many subscriptions; `undefined` where there is no such topic. */
  readonly subscriptions: Seen<{ readonly confirmed: number; readonly pending: number } | undefined>;
}

export interface ObservedCustomActions {
  readonly wanted: readonly CustomActionName[];
  /** All custom actions of the account and Region; `undefined` where Security Hub is off. */
  readonly there: Seen<readonly DeployedCustomAction[] | undefined>;
}
