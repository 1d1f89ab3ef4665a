/** Ends of grace periods, as one-time schedules that put a message into the queue of remediation. */
import { createHash } from 'node:crypto';
import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { wakeUp } from './message.ts';
import type { Occasion } from './remediator.ts';

export interface Waking {
  readonly client: SchedulerClient;
  /** The group of schedules in which they are made, and no others. */
  readonly group: string;
  /** The queue's ARN, that of where undeliverable messages go, and the role that may send to both. */
  readonly queueArn: string;
  readonly deadLetterArn: string;
  readonly roleArn: string;
}

/** The IAM actions that it needs: to make the schedule, and to hand on the role. */
export const wakingPermissions = ['scheduler:CreateSchedule', 'iam:PassRole'] as const;

/**
 * Has a message come at that time. The schedule is named by what it is for, so that there is one however often it is
 * asked for, and deletes itself afterwards. Source: EventBridge Scheduler API Reference, "CreateSchedule".
 */
export async function wakeAt(
  { client, group, queueArn, deadLetterArn, roleArn }: Waking,
  occasion: Occasion,
  time: Date,
): Promise<'scheduled' | 'was-scheduled'> {
  const at = time.toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  const name = createHash('sha256')
    .update(JSON.stringify([occasion, at]))
    .digest('hex');
  try {
    await client.send(
      new CreateScheduleCommand({
        Name: name,
        GroupName: group,
        ScheduleExpression: `at(${at})`,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: queueArn,
          RoleArn: roleArn,
          Input: wakeUp(occasion),
          DeadLetterConfig: { Arn: deadLetterArn },
        },
      }),
    );
    return 'scheduled';
  } catch (error) {
    if (error instanceof ConflictException) return 'was-scheduled';
    throw error;
  }
}
