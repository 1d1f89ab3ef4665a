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
} from '../lib/aws/names.ts';
import { evaluators } from '../lib/services/catalogue.ts';

/** A queue with a function behind it. */
export type Queue = QueueName | ListenerName;
/** A function: one behind each queue, and the one behind the state table's stream. */
export type FunctionName = Queue | 'transitions';

export function isListener(name: FunctionName): name is ListenerName {
  return listenerNames.some((listener) => listener === name);
}

export function functionNameOf(stage: Stage, name: FunctionName): string {
  if (name === 'transitions') return transitionsFunctionName(stage);
  return functionName(stage, name);
}
export function queueNameOf(stage: Stage, name: Queue): string {
  return queueName(stage, name);
}
export function deadLetterQueueNameOf(stage: Stage, name: FunctionName): string {
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
