/** The names of a deployment, for the longest stage that is allowed, against what each AWS service accepts. */
import { describe, expect, it } from 'vitest';
import {
  busName,
  deadLetterQueueName,
  functionName,
  listenerNames,
  queueName,
  scheduleGroupName,
  scheduleName,
  tableName,
  transitionsDeadLetterQueueName,
  transitionsFunctionName,
} from '../../lib/aws/names.ts';
import { queueNames } from '../../lib/services/queues.ts';

const stage = 'a'.repeat(20);
const names = [...queueNames, ...listenerNames];

describe('the names of a deployment', () => {
  it.each([
    // Source: Amazon DynamoDB API Reference, "CreateTable".
    ['tables', /^[a-zA-Z0-9_.-]{3,255}$/, [tableName(stage)]],
    // Source: Amazon SQS API Reference, "CreateQueue".
    [
      'queues',
      /^[a-zA-Z0-9_-]{1,80}$/,
      [
        ...names.flatMap((name) => [queueName(stage, name), deadLetterQueueName(stage, name)]),
        transitionsDeadLetterQueueName(stage),
      ],
    ],
    // Source: AWS Lambda API Reference, "CreateFunction".
    [
      'functions',
      /^[a-zA-Z0-9_-]{1,64}$/,
      [...names.map((name) => functionName(stage, name)), transitionsFunctionName(stage)],
    ],
    // Sources: EventBridge API Reference, "CreateEventBus"; EventBridge Scheduler API Reference, "CreateSchedule".
    ['buses', /^[/.a-zA-Z0-9_-]{1,256}$/, [busName(stage)]],
    ['schedules', /^[.a-zA-Z0-9_-]{1,64}$/, [scheduleName(stage), scheduleGroupName(stage)]],
  ])('are names that AWS accepts for %s', (_what, accepted, all) => {
    expect(all.filter((name) => !accepted.test(name))).toEqual([]);
  });
});
