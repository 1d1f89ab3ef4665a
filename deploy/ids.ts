/** The logical ids of the template's resources; those of functions and log groups are osls's own. */
import type { FunctionName, Queue } from './parts.ts';
import { capital } from './template.ts';

export const ids = {
  stateTable: 'StateTable',
  topic: 'AlarmTopic',
  topicKey: 'AlarmTopicKey',
  dashboard: 'Dashboard',
  schedule: 'ScheduledScanSchedule',
  scheduleRole: 'ScheduledScanScheduleRole',
  bus: 'Bus',
  customActions: 'CustomActionsRule',
  killSwitch: 'KillSwitch',
  graceSchedules: 'GraceSchedules',
  graceScheduleRole: 'GraceScheduleRole',
  notifyTopic: 'NotifyTopic',
  notifyTopicKey: 'NotifyTopicKey',
  queue: (name: Queue) => `${capital(name)}Queue`,
  deadLetters: (name: FunctionName) => `${capital(name)}DeadLetters`,
  rule: (name: Queue) => `${capital(name)}Rule`,
  role: (name: FunctionName) => `${capital(name)}Role`,
  function: (name: FunctionName) => `${capital(name)}LambdaFunction`,
  logGroup: (name: FunctionName) => `${capital(name)}LogGroup`,
} as const;
