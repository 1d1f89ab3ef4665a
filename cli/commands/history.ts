/** `trailseal history`. */
import type { Command } from 'commander';
import {
  type CommandContext,
  collect,
  type DeploymentFlags,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';
import { timeForms } from './time.ts';

export interface HistoryFlags extends DeploymentFlags {
  readonly since?: string;
  readonly finding: readonly string[];
  readonly action: readonly string[];
}

export const actionOptionHelp =
  'only this action: tag, quarantine, fix (every fix) or fix:<name> (repeatable)';

/** What a command needs that uses the state table, the queues or the bus: the operator role may use them, and nobody else. */
export const operatorPermissions =
  'the operator role, which the deployment’s parameter operatorArns lets you assume';

export function addHistory(program: Command, { end }: CommandContext): void {
  const command = program
    .command('history')
    .description('Show the history of actions: what was done and undone, by whom and why, before and after.')
    .option('--since <time>', `actions begun since ${timeForms}; default: 7d, or all with --finding`)
    .option(
      '--finding <id>',
      'actions for this finding, or on this resource by its ARN (repeatable)',
      collect,
      [],
    )
    .option('--action <name>', actionOptionHelp, collect, []);
  withHelpNotes(withDeploymentOptions(command), {
    examples: [
      'trailseal history --stage prod --region eu-central-1',
      'trailseal history --action quarantine --format json',
    ],
    notes: ['Completed actions are kept for 400 days.'],
    exitCodes: {
      0: 'success',
      2: 'wrong usage, or no such deployment',
      3: 'the state table could not be read, or has no action for what was named',
    },
    permissions: operatorPermissions,
  }).action(async (flags: HistoryFlags) => {
    const { runHistory } = await import('../history/run.ts');
    end(await runHistory(flags));
  });
}
