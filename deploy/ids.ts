/** The logical ids of the template's resources; those of functions and log groups are osls's own. */
import type { FunctionName, Queue, ReadingFunction } from './parts.ts';
import { capital } from './template.ts';

export const ids = {
  stateTable: 'StateTable',
  topic: 'AlarmTopic',
  topicKey: 'AlarmTopicKey',
  dashboard: 'Dashboard',
  schedule: 'ScheduledScanSchedule',
  scheduleRole: 'ScheduledScanScheduleRole',
  watchdogSchedule: 'WatchdogSchedule',
  watchdogScheduleRole: 'WatchdogScheduleRole',
  bus: 'Bus',
  customActions: 'CustomActionsRule',
  revertingCalls: 'RevertingCallsRule',
  killSwitch: 'KillSwitch',
  graceSchedules: 'GraceSchedules',
  graceScheduleRole: 'GraceScheduleRole',
  notifyTopic: 'NotifyTopic',
  notifyTopicKey: 'NotifyTopicKey',
  queue: (name: Queue) => `${capital(name)}Queue`,
  deadLetters: (name: ReadingFunction) => `${capital(name)}DeadLetters`,
  /** @param index of several rules that fill one queue. */
  rule: (name: Queue, index = 0) => `${capital(name)}Rule${index === 0 ? '' : index + 1}`,
  /** @param index of several rules that bring the canary. */
  canaryRule: (index = 0) => `CanaryRule${index === 0 ? '' : index + 1}`,
  role: (name: FunctionName) => `${capital(name)}Role`,
  /** @param name of the role: `kms`, `kms-restore-key-policy`. */
  writeRole: (name: string) => `${name.split('-').map(capital).join('')}WriteRole`,
  assumeWriteRoles: 'AssumeWriteRoles',
  operatorRole: 'AssumedByOperatorsRole',
  function: (name: FunctionName) => `${capital(name)}LambdaFunction`,
  logGroup: (name: FunctionName) => `${capital(name)}LogGroup`,
} as const;
