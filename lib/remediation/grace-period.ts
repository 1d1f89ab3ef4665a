/** Ends of grace periods and of waits for budget: one-time schedules that put a message into the queue of remediation. */
import { createHash } from 'node:crypto';
import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { ActionId } from '../core/action.ts';
import { type RemediationRequest, remediateBody } from './message.ts';

/** Where the schedules are made, and where they send. */
export interface GracePeriodEnd {
  readonly client: SchedulerClient;
  /** The group of schedules that has these alone. */
  readonly group: string;
  /** The ARNs of the queue, of its dead-letter queue, and of the role that may send to both. */
  readonly queueArn: string;
  readonly deadLetterArn: string;
  readonly roleArn: string;
}

/** What the names of schedules begin with, so that each kind can be counted. */
export const schedulePrefixes = { gracePeriod: 'grace-', budget: 'budget-' } as const;

/** Source: EventBridge Scheduler API Reference, "CreateSchedule": Name. */
const nameLength = 64;

/** The IAM actions that it needs: to create the schedule, and to pass the role. */
export const gracePeriodPermissions = ['scheduler:CreateSchedule', 'iam:PassRole'] as const;

/**
 * Schedules the same request at the end of a grace period. The schedule is named by the opening of the finding, the action
 * and the end, so that there is one however often it is asked for; it deletes itself afterwards. What comes of the message
 * is decided then, by the end that the state table has. Rejects with what the SDK throws.
 * Source: EventBridge Scheduler API Reference, "CreateSchedule".
 */
export async function scheduleGracePeriodEnd(
  options: GracePeriodEnd,
  request: RemediationRequest,
  action: ActionId,
  time: Date,
): Promise<'scheduled' | 'was-scheduled'> {
  return await schedule(
    options,
    schedulePrefixes.gracePeriod,
    [request.finding, request.openedAt, action],
    request,
    time,
  );
}

/**
 * Schedules the same request for the time when there is budget for an action: one schedule for each such time, however
 * often it is asked for. Rejects with what the SDK throws.
 */
export async function scheduleNextTry(
  options: GracePeriodEnd,
  request: RemediationRequest,
  action: ActionId,
  time: Date,
): Promise<void> {
  await schedule(
    options,
    schedulePrefixes.budget,
    [request.finding, request.openedAt, action],
    request,
    time,
  );
}

async function schedule(
  { client, group, queueArn, deadLetterArn, roleArn }: GracePeriodEnd,
  prefix: string,
  names: readonly (string | null)[],
  request: RemediationRequest,
  time: Date,
): Promise<'scheduled' | 'was-scheduled'> {
  // Up to the next whole second: a message that came before the time would find the period not over.
  const at = new Date(Math.ceil(time.getTime() / 1_000) * 1_000)
    .toISOString()
    .slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
  const digest = createHash('sha256')
    .update(JSON.stringify([...names, at]))
    .digest('hex');
  const name = `${prefix}${digest}`.slice(0, nameLength);
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
          Input: JSON.stringify(remediateBody(request)),
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
