/** `trailseal custom-actions sync` and `trailseal custom-actions remove`. */
import type { Command } from 'commander';
import {
  type CommandContext,
  type DeploymentFlags,
  withDeployedPolicyOption,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';

export interface RemoveFlags extends DeploymentFlags {
  readonly dryRun?: boolean;
}

export interface SyncFlags extends RemoveFlags {
  readonly policy?: string;
}

const exitCodes = {
  0: 'success',
  2: 'wrong usage or invalid policy, no such deployment, Security Hub is off, or has no room for the custom actions',
  3: 'a custom action could not be read, created, changed or removed',
};

export function addCustomActions(program: Command, { end }: CommandContext): void {
  const customActions = program
    .command('custom-actions')
    .description('Manage the custom actions of a deployment in Security Hub.');
  const withDryRun = (command: Command): Command =>
    withDeploymentOptions(command, 'required').option(
      '--dry-run',
      'show what would be done, and change nothing',
    );

  withHelpNotes(
    withDeployedPolicyOption(
      withDryRun(
        customActions
          .command('sync')
          .description(
            'Create, change and remove custom actions to match operators.customActions of the policy.',
          ),
      ),
      'to read operators.customActions from',
    ),
    {
      examples: [
        'trailseal custom-actions sync --dry-run --stage prod',
        'trailseal custom-actions sync --stage prod --region eu-central-1',
      ],
      notes: [
        'CloudFormation cannot create custom actions. Run this after each deployment that changes ' +
          'operators.customActions. Custom actions of other stages and other products are left alone.',
      ],
      exitCodes,
      permissions:
        'securityhub:DescribeActionTargets, securityhub:CreateActionTarget, securityhub:UpdateActionTarget, securityhub:DeleteActionTarget, sqs:GetQueueUrl, sqs:ListQueues',
    },
  ).action(async (flags: SyncFlags) => {
    const { runSync } = await import('../custom-actions/run.ts');
    end(await runSync(flags));
  });

  withHelpNotes(
    withDryRun(customActions.command('remove').description('Remove all custom actions of the stage.')),
    {
      examples: ['trailseal custom-actions remove --stage prod --region eu-central-1'],
      exitCodes,
      permissions: 'securityhub:DescribeActionTargets, securityhub:DeleteActionTarget, sqs:ListQueues',
    },
  ).action(async (flags: RemoveFlags) => {
    const { runRemove } = await import('../custom-actions/run.ts');
    end(await runRemove(flags));
  });
}
