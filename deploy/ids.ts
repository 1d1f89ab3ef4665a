/** The logical ids of the template's resources; those of functions and log groups are osls's own. */
import type { QueueName } from '../lib/names.ts';
import { capital } from './template.ts';

export const ids = {
  ledger: 'Ledger',
  topic: 'AlarmTopic',
  topicKey: 'AlarmTopicKey',
  dashboard: 'Dashboard',
  schedule: 'SweepSchedule',
  scheduleRole: 'SweepScheduleRole',
  queue: (name: QueueName) => `${capital(name)}Queue`,
  deadLetters: (name: QueueName) => `${capital(name)}DeadLetters`,
  rule: (name: QueueName) => `${capital(name)}Rule`,
  role: (name: QueueName) => `${capital(name)}Role`,
  function: (name: QueueName) => `${capital(name)}LambdaFunction`,
  logGroup: (name: QueueName) => `${capital(name)}LogGroup`,
} as const;
