/** What the parts of a deployment are called, so that the template, the functions and the commands agree. */
import { type Family, families } from './family.ts';

/** The name of one deployment in an account and Region: lower-case letters, digits and hyphens, as `dev`. */
export type Stage = string;

/** A queue: one for each family's evaluator, and one for the sweep. */
export type QueueName = Family | 'sweep';
export const queueNames: readonly QueueName[] = [...families, 'sweep'];

/** The CloudFormation stack; every other name begins with it. */
export function stackName(stage: Stage): string {
  return `trailseal-${stage}`;
}
export function tableName(stage: Stage): string {
  return `${stackName(stage)}-ledger`;
}
export function queueName(stage: Stage, name: QueueName): string {
  return `${stackName(stage)}-${name}`;
}
/** Where what could not be delivered to a queue, or handled from it, ends, with its reason. */
export function deadLetterQueueName(stage: Stage, name: QueueName): string {
  return `${queueName(stage, name)}-dead-letters`;
}
/** The EventBridge rule that feeds a family's queue. */
export function ruleName(stage: Stage, family: Family): string {
  return `${stackName(stage)}-${family}`;
}
/** The Lambda function behind a queue. */
export function functionName(stage: Stage, name: QueueName): string {
  return `${stackName(stage)}-${name}`;
}
/** The EventBridge Scheduler schedule that starts the sweep. */
export function scheduleName(stage: Stage): string {
  return `${stackName(stage)}-sweep`;
}
