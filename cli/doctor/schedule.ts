/** Whether the scheduled scan is ordered: the schedule that sends to its queue. Pure. */

import { deadLetterQueueName, queueName, scheduleName } from '../../lib/aws/names.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { deployCommand, type Finding, ok, trouble, unknownFor, word } from './check.ts';
import type { ObservedRegion } from './observed.ts';

/** Evaluates the schedule of a stage that is deployed. */
export function assessSchedule({ schedule, account, region }: ObservedRegion, stage: string): Finding {
  const id = 'schedule/scan';
  const name = scheduleName(stage);
  const again = [deployCommand(stage, region)];
  if (!schedule.known) return unknownFor(id, [schedule]);
  if (schedule.value === undefined) {
    return trouble('fail', id, `there is no schedule ${name}: nothing is swept`, 'deploy again', again);
  }
  const { state, rate, target } = schedule.value;
  if (state !== 'ENABLED') {
    const of = `--region ${word(region)} --name ${word(name)}`;
    return trouble('fail', id, `the schedule ${name} is disabled: nothing is swept`, 'enable it', [
      // An update replaces all of a schedule: what is not told again is lost.
      `aws scheduler get-schedule ${of} --query '{${kept.map((member) => `${member}:${member}`).join(',')}}' > schedule.json`,
      `aws scheduler update-schedule ${of} --state ENABLED --cli-input-json file://schedule.json`,
    ]);
  }
  const queue = queueName(stage, 'scan');
  if (target.arn !== arnOf('sqs', region, account, queue)) {
    const seen = `the schedule ${name} does not lead to the queue ${queue}: nothing is swept`;
    return trouble('fail', id, seen, 'deploy again', again);
  }
  if (target.deadLetterArn !== arnOf('sqs', region, account, deadLetterQueueName(stage, 'scan'))) {
    const seen = `what the schedule ${name} cannot deliver is lost: it has not its dead-letter queue`;
    return trouble('warn', id, seen, 'deploy again', again);
  }
  return ok(id, `the schedule ${name} orders a scheduled scan, ${rate ?? 'at times of its own'}`);
}

/** Source: EventBridge Scheduler API Reference, "UpdateSchedule". */
const kept = ['Description', 'ScheduleExpression', 'FlexibleTimeWindow', 'Target'];
