/** The ends of grace periods, in an EventBridge Scheduler that is moto's. */
import {
  CreateScheduleGroupCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
} from '@aws-sdk/client-scheduler';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { schedulerClient } from '../../lib/aws/sdk.ts';
import { type GracePeriodEnd, scheduleGracePeriodEnd } from '../../lib/remediation/grace-period.ts';
import { parseRemediation, type RemediationRequest } from '../../lib/remediation/message.ts';
import { account, region } from './action-deps.ts';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';

const client = schedulerClient({ region });
let groups = 0;
let gracePeriodEnd: GracePeriodEnd;

beforeEach(async () => {
  groups += 1;
  const group = `waking-${groups}`;
  await client.send(new CreateScheduleGroupCommand({ Name: group }));
  gracePeriodEnd = {
    client,
    group,
    queueArn: `arn:aws:sqs:${region}:${account}:trailseal-dev-remediate`,
    deadLetterArn: `arn:aws:sqs:${region}:${account}:trailseal-dev-remediate-dead-letters`,
    roleArn: `arn:aws:iam::${account}:role/grace`,
  };
});

const request: RemediationRequest = {
  finding: 'trailseal/kms-key-disabled/1',
  openedAt: '2026-11-21T10:00:00.000Z',
  reminder: false,
  waited: false,
};
const due = new Date('2099-11-21T10:15:01.250Z');

async function schedules() {
  const { Schedules: some = [] } = await client.send(
    new ListSchedulesCommand({ GroupName: gracePeriodEnd.group }),
  );
  return Promise.all(
    some.map(({ Name }) => client.send(new GetScheduleCommand({ GroupName: gracePeriodEnd.group, Name }))),
  );
}

describe('the end of a grace period', () => {
  it('brings the same request into the queue, not before it is due, and once', async () => {
    expect(await scheduleGracePeriodEnd(gracePeriodEnd, request, 'fix:enable-key', due)).toBe('scheduled');
    const [schedule, ...others] = await schedules();
    expect(others).toEqual([]);
    expect(schedule).toMatchObject({
      ScheduleExpression: 'at(2099-11-21T10:15:02)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: gracePeriodEnd.queueArn,
        RoleArn: gracePeriodEnd.roleArn,
        DeadLetterConfig: { Arn: gracePeriodEnd.deadLetterArn },
      },
    });
    expect(parseRemediation(schedule?.Target?.Input ?? '')).toEqual({
      kind: 'remediation',
      request,
      attempt: 1,
    });
  });

  it('is set once, though it is asked for again', async () => {
    await scheduleGracePeriodEnd(gracePeriodEnd, request, 'fix:enable-key', due);
    const later = { ...request, reminder: true };
    expect(await scheduleGracePeriodEnd(gracePeriodEnd, later, 'fix:enable-key', due)).toBe('was-scheduled');
    expect(await schedules()).toHaveLength(1);
  });

  it('is another one for another action, finding or opening', async () => {
    await scheduleGracePeriodEnd(gracePeriodEnd, request, 'fix:enable-key', due);
    expect(await scheduleGracePeriodEnd(gracePeriodEnd, request, 'quarantine', due)).toBe('scheduled');
    expect(
      await scheduleGracePeriodEnd(gracePeriodEnd, { ...request, finding: 'other' }, 'fix:enable-key', due),
    ).toBe('scheduled');
    expect(
      await scheduleGracePeriodEnd(gracePeriodEnd, { ...request, openedAt: null }, 'fix:enable-key', due),
    ).toBe('scheduled');
    expect(await schedules()).toHaveLength(4);
  });
});
