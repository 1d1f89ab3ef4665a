/** Ends of grace periods, as one-time schedules that put a message into the queue of remediation. */
import { createHash } from 'node:crypto';
import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { ActionId } from '../core/action.ts';
import { type Occasion, remediateBody } from './message.ts';

export interface GracePeriodEnd {
  readonly client: SchedulerClient;
  /** The group of schedules in which they are made, and no others. */
  readonly group: string;
  /** The queue's ARN, that of where undeliverable messages go, and the role that may send to both. */
  readonly queueArn: string;
  readonly deadLetterArn: string;
  readonly roleArn: string;
}

/** The IAM actions that it needs: to make the schedule, and to hand on the role. */
export const gracePeriodPermissions = ['scheduler:CreateSchedule', 'iam:PassRole'] as const;

/**
 * Has a message come at that time. The schedule is named by what it is for, so that there is one however often it is
 * asked for, and a grace period that has begun is not begun anew; it deletes itself afterwards.
 * Source: EventBridge Scheduler API Reference, "CreateSchedule".
 */
export async function scheduleGracePeriodEnd(
  { client, group, queueArn, deadLetterArn, roleArn }: GracePeriodEnd,
  occasion: Occasion,
  action: ActionId,
  time: Date,
): Promise<'scheduled' | 'was-scheduled'> {
  // Up to the next whole second: a message that came before the time would find the period not over.
  const at = new Date(Math.ceil(time.getTime() / 1_000) * 1_000)
    .toISOString()
    .slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  const name = createHash('sha256')
    .update(JSON.stringify([occasion.finding, occasion.openedAt, action]))
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
          Input: JSON.stringify(remediateBody(occasion)),
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
