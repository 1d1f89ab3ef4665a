/** The functions of a deployment, and what they and their queues are called. */
import {
  deadLetterQueueName,
  functionName,
  type ListenerName,
  listenerNames,
  type QueueName,
  queueName,
  type Stage,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
  watchdogName,
} from '../lib/aws/names.ts';
import { evaluators } from '../lib/services/catalogue.ts';

/** A queue with a function behind it. */
export type Queue = QueueName | ListenerName;
/** A function that reads a queue or the state table's stream, with dead letters of its own. */
export type ReadingFunction = Queue | 'transitions';
/** A function: those, and the watchdog, which a schedule runs. */
export type FunctionName = ReadingFunction | 'watchdog';

export function isWatchdog(name: FunctionName): name is 'watchdog' {
  return name === 'watchdog';
}

export function isListener(name: FunctionName): name is ListenerName {
  return listenerNames.some((listener) => listener === name);
}

export function functionNameOf(stage: Stage, name: FunctionName): string {
  if (isWatchdog(name)) return watchdogName(stage);
  if (name === 'transitions') return transitionsFunctionName(stage);
  return functionName(stage, name);
}
export function queueNameOf(stage: Stage, name: Queue): string {
  return queueName(stage, name);
}
export function deadLetterQueueNameOf(stage: Stage, name: ReadingFunction): string {
  if (name === 'transitions') return transitionsDeadLetterQueueName(stage);
  return deadLetterQueueName(stage, name);
}

/**
 * The file that a function is bundled from, without its ending.
 * @example entryOf('kms') // 'functions/evaluators/kms'
 */
export function entryOf(name: FunctionName): string {
  return evaluators.includes(name) ? `functions/evaluators/${name}` : `functions/${name}`;
}
