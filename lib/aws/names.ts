/** What the parts of a deployment are called, so that the template, the functions and the commands agree. */
import { createHash } from 'node:crypto';
import type { CustomActionName } from '../core/custom-action.ts';
import type { EvaluatorName } from '../core/service.ts';

/** The name of one deployment in an account and Region: lower-case letters, digits and hyphens, as `dev`. */
export type Stage = string;

/** A queue: one for each evaluator's evaluator, and one for the scheduled scan. */
export type QueueName = EvaluatorName | 'scan';

/** The CloudFormation stack; every other name begins with it. */
export function stackName(stage: Stage): string {
  return `trailseal-${stage}`;
}
export function tableName(stage: Stage): string {
  return `${stackName(stage)}-state-table`;
}
export function queueName(stage: Stage, name: QueueName | ListenerName): string {
  return `${stackName(stage)}-${name}`;
}
/** Where what could not be delivered to a queue, or handled from it, ends, with its reason. */
export function deadLetterQueueName(stage: Stage, name: QueueName | ListenerName): string {
  return `${queueName(stage, name)}-dead-letters`;
}
/** The EventBridge rule that feeds an evaluator's queue. */
export function ruleName(stage: Stage, evaluator: EvaluatorName, index = 0): string {
  return `${stackName(stage)}-${evaluator}${index === 0 ? '' : `-${index + 1}`}`;
}
/** The Lambda function behind a queue. */
export function functionName(stage: Stage, name: QueueName | ListenerName): string {
  return `${stackName(stage)}-${name}`;
}
/** The EventBridge Scheduler schedule that starts the scheduled scan. */
export function scheduleName(stage: Stage): string {
  return `${stackName(stage)}-scan`;
}
/** The function that finds silent parts of the deployment, and the schedule that runs it. */
export function watchdogName(stage: Stage): string {
  return `${stackName(stage)}-watchdog`;
}
/** The alarm that names silent parts. */
export function silenceAlarmName(stage: Stage): string {
  return `${stackName(stage)}-SilentParts`;
}
/** The EventBridge rules that bring evaluators the canary: each has the five targets that a rule may have. */
export function canaryRuleName(stage: Stage, index = 0): string {
  return `${stackName(stage)}-canary${index === 0 ? '' : `-${index + 1}`}`;
}
/** Trailseal's own EventBridge bus, on which it publishes findings' transitions and what it did. */
export function busName(stage: Stage): string {
  return stackName(stage);
}
/**
 * The role that operators' commands assume to use the state table, the queues and the bus. Roles are the account's, whatever
 * the Region: the name has it, and is 64 characters long at most. Source: IAM User Guide, "IAM and AWS STS quotas".
 */
export function operatorRoleName(stage: Stage, region: string): string {
  return `${stackName(stage)}-operator-${region}`;
}
/** The group of EventBridge Scheduler's one-time schedules that end grace periods. */
export function scheduleGroupName(stage: Stage): string {
  return stackName(stage);
}
/** The SSM parameter that stops all writes to resources. */
export function killSwitchName(stage: Stage): string {
  return `/trailseal/${stage}/kill-switch`;
}

/**
 * What acts upon the bus's events: each has a rule, a queue and a function of its own. `operator` also, and first of all,
 * takes the custom actions that people select in Security Hub.
 */
export type ListenerName = 'remediate' | 'notify' | 'operator';
export const listenerNames: readonly ListenerName[] = ['remediate', 'notify', 'operator'];

/**
 * The rule, on the bus, that feeds a listener's queue. Names are unique on a bus: the rule on the account's default bus
 * that brings `operator` the custom actions has the same one.
 */
export function listenerRuleName(stage: Stage, name: ListenerName): string {
  return `${stackName(stage)}-${name}`;
}

/** The EventBridge rule on the default bus that brings calls by which somebody may have reverted an action. */
export function revertingCallsRuleName(stage: Stage): string {
  return `${stackName(stage)}-reverting-calls`;
}

/** The function that publishes changes of the state table on the bus, and the DLQ of what it can't publish. */
export function transitionsFunctionName(stage: Stage): string {
  return `${stackName(stage)}-transitions`;
}
export function transitionsDeadLetterQueueName(stage: Stage): string {
  return `${transitionsFunctionName(stage)}-dead-letters`;
}

/** What a custom action in Security Hub says: 19 characters at most. Source: AWS Security Hub User Guide, "Creating a custom action". */
export const customActionLabels: Readonly<Record<CustomActionName, string>> = {
  quarantine: 'Quarantine',
  fix: 'Fix',
  undo: 'Undo',
  're-check': 'Re-check',
  exempt: 'Exempt for 30 days',
};

/**
 * The id of a custom action, which ends its ARN: letters and digits, 20 at most, and there may be several deployments in a
 * Region, each with custom actions of its own. Source: Security Hub API Reference, "CreateActionTarget".
 */
export function customActionId(stage: Stage, customAction: CustomActionName): string {
  const digest = createHash('sha256').update(stackName(stage)).digest('hex').slice(0, 10);
  return `${customAction.replace(/[^a-z]/g, '')}${digest}`;
}

/** The end of a custom action's ARN, after `arn:PARTITION:securityhub:REGION:ACCOUNT:`. */
export function customActionResource(stage: Stage, customAction: CustomActionName): string {
  return `action/custom/${customActionId(stage, customAction)}`;
}
