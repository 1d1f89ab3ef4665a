/** `trailseal kill-switch on`, `off` and `status`. */
import type { Command } from 'commander';
import { operatorPermissions } from './history.ts';
import {
  type CommandContext,
  type ConsentFlags,
  type DeploymentFlags,
  withConsentOptions,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';

export interface KillSwitchFlags extends DeploymentFlags, ConsentFlags {}

export function addKillSwitch(program: Command, { signal, end }: CommandContext): void {
  const killSwitch = program
    .command('kill-switch')
    .description('The kill switch: an SSM parameter that stops all writes to resources at once.');

  withHelpNotes(
    withDeploymentOptions(
      killSwitch
        .command('on')
        .description(
          'Engage the kill switch: stop all writes to resources now. Does not ask. Evaluation goes on.',
        )
        .option('--reason <text>', 'reason, kept with the parameter'),
      'required',
    ),
    {
      examples: ['trailseal kill-switch on --reason "a fix broke payments" --stage prod'],
      notes: [
        'Takes effect at once: the parameter is read before each action begins, and after each wait. Then says what was stopped, ' +
          'as far as you may read it. If AWS does not answer, the command says so within about 12 seconds.',
      ],
      exitCodes: {
        0: 'the kill switch is engaged',
        2: 'wrong usage, or no such deployment',
        3: 'the kill switch could not be engaged',
      },
      permissions:
        'ssm:GetParameter, ssm:PutParameter on the parameter; to say what was stopped: scheduler:ListSchedules, ' +
        `sqs:GetQueueUrl, sqs:GetQueueAttributes, and ${operatorPermissions}; for an unknown stage: sqs:ListQueues`,
    },
  ).action(async (flags: KillSwitchFlags) => {
    const { runKillSwitchOn } = await import('../kill-switch/run.ts');
    end(await runKillSwitchOn(flags));
  });

  withHelpNotes(
    withConsentOptions(
      withDeploymentOptions(
        killSwitch
          .command('off')
          .description('Disengage the kill switch: allow writes to resources again. Asks first.'),
        'required',
      ),
    ),
    {
      examples: ['trailseal kill-switch off --stage prod --region eu-central-1'],
      exitCodes: {
        0: 'the kill switch is disengaged',
        1: 'you did not agree',
        2: 'wrong usage, or the parameter does not exist',
        3: 'the kill switch could not be disengaged',
      },
      permissions: 'ssm:GetParameter, ssm:GetParameterHistory, ssm:PutParameter on the parameter',
    },
  ).action(async (flags: KillSwitchFlags) => {
    const { runKillSwitchOff } = await import('../kill-switch/run.ts');
    end(await runKillSwitchOff(flags, signal));
  });

  withHelpNotes(
    withDeploymentOptions(
      killSwitch
        .command('status')
        .description('Show whether the kill switch is engaged, and its last changes: when, by whom and why.'),
    ),
    {
      examples: ['trailseal kill-switch status --stage prod --region eu-central-1'],
      exitCodes: {
        0: 'the kill switch is engaged or disengaged',
        2: 'wrong usage',
        3: 'the kill switch could not be read, which stops all writes too',
      },
      permissions: 'ssm:GetParameter, ssm:GetParameterHistory on the parameter',
    },
  ).action(async (flags: DeploymentFlags) => {
    const { runKillSwitchStatus } = await import('../kill-switch/run.ts');
    end(await runKillSwitchStatus(flags));
  });
}
