/** The queues of a deployment: one for each evaluator, one for the scheduled scan, one for each listener on the bus. */
import { type ListenerName, listenerNames, type QueueName } from '../aws/names.ts';
import { evaluators } from './catalogue.ts';

export const queueNames: readonly QueueName[] = [...evaluators, 'scan'];

/** Every queue with a DLQ whose messages can be redriven to it. */
export const redrivable: readonly (QueueName | ListenerName)[] = [...queueNames, ...listenerNames];
