/** What remediation needs besides its function: the kill switch, and schedules that end grace periods. */
import { killSwitchName, scheduleGroupName } from '../../lib/aws/names.ts';
import { disengaged, engaged } from '../../lib/remediation/kill-switch.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { scheduleRole } from '../queues.ts';
import type { StackResources } from '../template.ts';

export function remediation({ parameters, functions }: Deployment): StackResources {
  if (!functions.includes('remediate')) return {};
  const { stage, kmsKeyArn } = parameters;
  return {
    [ids.killSwitch]: {
      Type: 'AWS::SSM::Parameter',
      Properties: {
        Name: killSwitchName(stage),
        Type: 'String',
        Description: `"${engaged}" stops all that ${scheduleGroupName(stage)} writes to resources; "${disengaged}" lets it`,
        // Read each time. A later deployment leaves it as it is, since its value here stays the same.
        Value: disengaged,
        AllowedPattern: `^(${disengaged}|${engaged})$`,
      },
    },
    [ids.graceSchedules]: {
      Type: 'AWS::Scheduler::ScheduleGroup',
      Properties: { Name: scheduleGroupName(stage) },
    },
    [ids.graceScheduleRole]: scheduleRole({
      queue: 'remediate',
      description: 'Lets EventBridge Scheduler end grace periods of Trailseal',
      group: scheduleGroupName(stage),
      policy: 'end-a-grace-period',
      sid: 'EndAGracePeriod',
      kmsKeyArn,
    }),
  };
}
