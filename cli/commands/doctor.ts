/** `trailseal doctor`. */
import type { Command } from 'commander';
import {
  type CommandContext,
  collect,
  formatOption,
  type OutputFormat,
  withDeployedPolicyOption,
  withHelpNotes,
} from './options.ts';

export interface DoctorFlags {
  readonly region: readonly string[];
  readonly stage: string;
  readonly profile?: string;
  readonly policy?: string;
  readonly format: OutputFormat;
}

export function addDoctor(program: Command, { end }: CommandContext): void {
  const command = program
    .command('doctor')
    .description('Check that an account and Region are ready, and say how to correct what is not.')
    .option('--region <name>', 'Region to check (repeatable; default: the configured Region)', collect, [])
    .option('--stage <name>', 'stage of the deployment', 'dev')
    .option('--profile <name>', 'AWS profile to take the credentials from');
  withHelpNotes(withDeployedPolicyOption(command, 'to check for').addOption(formatOption()), {
    examples: ['trailseal doctor', 'trailseal doctor --region eu-central-1 --region us-east-1 --stage prod'],
    notes: [
      'Changes nothing. Where the policy has actions or custom actions, remediation is checked too. A check that needs a ' +
        'permission you do not have names it.',
    ],
    exitCodes: {
      0: 'ready, possibly with warnings',
      1: 'a check failed',
      2: 'wrong usage or invalid policy',
      3: 'no check failed, but some could not be made',
    },
  }).action(async (flags: DoctorFlags) => {
    const { runDoctor } = await import('../doctor/run.ts');
    end(await runDoctor(flags));
  });
}
