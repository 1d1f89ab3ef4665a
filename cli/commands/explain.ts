/** `trailseal explain FILE|-`. */
import type { Command } from 'commander';
import { type CommandContext, formatOption, type OutputFormat, withHelpNotes } from './options.ts';

export interface ExplainFlags {
  readonly policy?: string;
  readonly format: OutputFormat;
}

export function addExplain(program: Command, { signal, end }: CommandContext): void {
  const command = program
    .command('explain')
    .description(
      'Explain step by step how each control evaluates an event: trigger, facts and their sources, verdict, plan.',
    )
    .argument('<file>', 'file with one event, or several in order; - for standard input')
    .option(
      '--policy <file>',
      'policy file (default: ./trailseal.policy.yml, if it exists; else a policy that only reports)',
    )
    .addOption(formatOption());
  withHelpNotes(command, {
    examples: ['trailseal explain event.json', 'trailseal explain --format json event.json'],
    exitCodes: { 0: 'success', 2: 'wrong usage or invalid policy', 3: 'some input could not be read' },
  }).action(async (file: string, flags: ExplainFlags) => {
    const { runExplain } = await import('../explain/run.ts');
    end(await runExplain(file, flags, signal));
  });
}
