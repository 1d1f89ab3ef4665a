/** What doctor observed, as plain data: the input of `assess`. */
import type { ListenerName, QueueName } from '../../lib/aws/names.ts';
import type { Action } from '../../lib/core/control.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import type { ActionKind } from '../../lib/policy/model.ts';
import type { OpenBreaker } from '../../lib/remediation/limits.ts';
import type { Answer } from '../aws/answer.ts';
import type { DeployedCustomAction } from '../custom-actions/changes.ts';
import type { ObservedTrail } from './trails.ts';

export interface Observed {
  readonly stage: string;
  readonly identity: Answer<Identity>;
  /** Empty where the identity is not known, as no other call would succeed. */
  readonly regions: readonly ObservedRegion[];
}

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export interface ObservedRegion {
  readonly account: string;
  readonly region: string;
  readonly trails: Answer<readonly ObservedTrail[]>;
  /** Whether Security Hub is on. */
  readonly hub: Answer<boolean>;
  /** By their names. */
  readonly rules: Readonly<Record<string, Answer<Rule | undefined>>>;
  /** The alarm about silent parts. */
  readonly silence: Answer<ObservedSilenceAlarm | undefined>;
  /** What starts the scheduled scan. */
  readonly schedule: Answer<Schedule | undefined>;
  readonly queues: Readonly<Record<QueueName, QueuePair>>;
  readonly functions: Readonly<Record<QueueName, Answer<DeployedFunction | undefined>>>;
  /** Which needed actions the function's role is allowed; `undefined` where there is no function. */
  readonly permissions: Readonly<Record<QueueName, Answer<readonly Simulated[]> | undefined>>;
  /** Which actions that a scan needs the caller is allowed. */
  readonly callersPermissions: Answer<readonly Simulated[]>;
  /** The rules of a deployment of the enabled controls. */
  readonly wanted: readonly WantedRule[];
  /** Whether the caller may assume the operator role; `undefined` where nothing is deployed. */
  readonly operatorRole: Answer<true> | undefined;
  /** The parts for actions; `undefined` where the policy has none, or nothing is deployed. */
  readonly actions: ObservedActions | undefined;
}

/** A rule of an evaluator with enabled controls, and the pattern that it should have. */
export interface WantedRule {
  readonly evaluator: EvaluatorName;
  /** The rule's name. */
  readonly rule: string;
  readonly pattern: EventPattern;
}

export interface Rule {
  /** As EventBridge has it: JSON. */
  readonly pattern: string | undefined;
  readonly state: string | undefined;
  readonly targets: Answer<readonly RuleTarget[]>;
}

export interface Schedule {
  readonly state: string | undefined;
  /** As Scheduler has it: `rate(6 hours)`. */
  readonly rate: string | undefined;
  readonly target: RuleTarget;
}

export interface ObservedSilenceAlarm {
  readonly state: string | undefined;
  /** Whether it notifies anybody of a change of its state. */
  readonly actionsEnabled: boolean;
  /** Its description, which names the silent parts. */
  readonly text: string;
}

export interface RuleTarget {
  readonly arn: string | undefined;
  readonly deadLetterArn: string | undefined;
}

export interface QueuePair {
  readonly queue: Answer<QueueState | undefined>;
  readonly deadLetters: Answer<QueueState | undefined>;
}

/** Approximate numbers of messages: SQS counts them over many servers. */
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
  /** Environment variables; `undefined` where Lambda could not decrypt them for the caller. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  /** Its event source mappings. */
  readonly sources: Answer<readonly EventSourceMappingState[]>;
}

export interface EventSourceMappingState {
  readonly id: string;
  /** The ARN of the queue or stream. */
  readonly arn: string | undefined;
  readonly state: string | undefined;
}

/** IAM's decision on one action, simulated on an example resource. */
export interface Simulated {
  readonly action: string;
  readonly allowed: boolean;
  /** Whether a policy of the organization denies it. */
  readonly deniedByOrganization: boolean;
  /** Condition keys without a value in the simulation, so that the decision is not reliable. */
  readonly missingContext: readonly string[];
}

/** The parts that carry out actions, as far as the policy needs them. */
export interface ObservedActions {
  /** The event bus, and the function that publishes changes of findings on it. */
  readonly transitions: ObservedTransitions | undefined;
  readonly listeners: readonly ObservedListener[];
  /** The kill switch and the breakers. */
  readonly guards: ObservedGuards | undefined;
  /** Whom `notify` notifies; `undefined` where the function does not exist. */
  readonly notifications: Answer<ObservedNotifications> | undefined;
  readonly customActions: ObservedCustomActions | undefined;
  /** As the policy has it; left out where it allows none. */
  readonly broadPermissions?: readonly Action[];
}

export interface ObservedTransitions {
  readonly bus: Answer<true | undefined>;
  readonly found: Answer<DeployedFunction | undefined>;
  readonly deadLetters: Answer<QueueState | undefined>;
}

export interface ObservedListener {
  readonly name: ListenerName;
  readonly rules: readonly ObservedRule[];
  /** What brings it the calls by which somebody may have reverted an action; left out where it needs none. */
  readonly revertingCalls?: ObservedRevertingCalls;
  readonly queues: QueuePair;
  readonly found: Answer<DeployedFunction | undefined>;
}

/** A rule on the default event bus, and the pattern that it should have. */
export interface ObservedRevertingCalls {
  readonly pattern: EventPattern;
  readonly rule: Answer<Rule | undefined>;
}

export interface ObservedRule {
  /** The deployment's own event bus, or the account's default one. */
  readonly bus: 'own' | 'default';
  readonly rule: Answer<Rule | undefined>;
}

export interface ObservedGuards {
  /** The value of the parameter. */
  readonly killSwitch: Answer<string | undefined>;
  /** Open breakers; `undefined` where there is no state table. */
  readonly breakers: Answer<Readonly<Partial<Record<ActionKind, OpenBreaker>>> | undefined>;
}

export interface ObservedNotifications {
  readonly topics: readonly ObservedTopic[];
  /** Number of webhooks. */
  readonly webhooks: number;
}

export interface ObservedTopic {
  readonly arn: string;
  /** Numbers of subscriptions; `undefined` where the topic does not exist. */
  readonly subscriptions: Answer<{ readonly confirmed: number; readonly pending: number } | undefined>;
}

export interface ObservedCustomActions {
  readonly wanted: readonly CustomActionName[];
  /** All custom actions of the account and Region; `undefined` where Security Hub is off. */
  readonly existing: Answer<readonly DeployedCustomAction[] | undefined>;
}
