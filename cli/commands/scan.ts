/** `trailseal scan`. */
import type { Command } from 'commander';
import {
  type CommandContext,
  collect,
  type EvaluatingFlags,
  withEvaluatingOptions,
  withHelpNotes,
} from './options.ts';

export interface ScanFlags extends EvaluatingFlags {
  readonly region: readonly string[];
  readonly profile?: string;
}

export function addScan(program: Command, { signal, end }: CommandContext): void {
  const command = program
    .command('scan')
    .description(
      'Evaluate the resources that exist now in your AWS account. Lists and reads with your credentials; changes nothing.',
    )
    .option(
      '--region <name>',
      'Region to scan (repeatable, or separated by commas), or "all" enabled ones (default: the configured Region)',
      collect,
      [],
    )
    .option('--profile <name>', 'AWS profile to take the credentials from');
  withHelpNotes(withEvaluatingOptions(command), {
    examples: ['trailseal scan', 'trailseal scan --region eu-central-1 --control kms-key-policy'],
    exitCodes: {
      0: 'success',
      1: '--fail-on was reached',
      2: 'wrong usage, invalid policy, or no credentials; nothing was evaluated or written',
      3: 'nothing was evaluated, what was named is not there, or something could not be listed or read; the rest was evaluated',
    },
    permissions: '`trailseal doctor` shows which are missing; the managed policy SecurityAudit has them all.',
  }).action(async (flags: ScanFlags) => {
    const { runScan } = await import('../scan/run.ts');
    end(await runScan(flags, signal));
  });
}
