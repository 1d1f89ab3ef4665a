/** `trailseal undo`. */
import type { Command } from 'commander';
import { actionOptionHelp, operatorPermissions } from './history.ts';
import {
  type CommandContext,
  type ConsentFlags,
  collect,
  type DeploymentFlags,
  withConsentOptions,
  withDeploymentOptions,
  withHelpNotes,
} from './options.ts';
import { timeForms } from './time.ts';

export interface UndoFlags extends DeploymentFlags, ConsentFlags {
  readonly since?: string;
  readonly action: readonly string[];
  readonly dryRun?: boolean;
  readonly despiteKillSwitch?: boolean;
}

export function addUndo(program: Command, { signal, end }: CommandContext): void {
  const command = program
    .command('undo')
    .description(
      'Undo actions of Trailseal: by finding, by resource, or all since a time. Shows them and asks first.',
    )
    .argument(
      '[what...]',
      'finding ids, resource ids or resource ARNs, all in one Region, which is then the --region',
    )
    .option('--since <time>', `actions begun since ${timeForms}`)
    .option('--action <name>', actionOptionHelp, collect, [])
    .option('--dry-run', 'show what would be undone, and change nothing')
    .option('--despite-kill-switch', 'undo even though the kill switch is engaged or cannot be read');
  withHelpNotes(withConsentOptions(withDeploymentOptions(command, 'required')), {
    examples: [
      'trailseal undo i-0abc1234567890def --dry-run --stage prod',
      'trailseal undo --since "2 hours" --dry-run --stage prod',
      'trailseal undo --action quarantine --since 2026-10-31T06:00Z --stage prod',
    ],
    notes: [
      'An action is undone only if the resource is still as Trailseal left it; otherwise the undo is refused, and the ' +
        'differences are shown. An undo that would put data at risk is printed as a command and never run. The kill ' +
        'switch stops undos too.',
      "The outcome is published on the deployment's event bus, so that it is notified like any other action.",
    ],
    exitCodes: {
      0: 'everything is undone, or was already',
      1: 'something is not undone, or you did not agree',
      2: 'wrong usage, or no such deployment',
      3: 'something could not be read or found',
    },
    permissions: `${operatorPermissions}; of your own: ssm:GetParameter on the kill switch, and what each undo needs, which --dry-run shows`,
  }).action(async (names: readonly string[], flags: UndoFlags) => {
    const { runUndo } = await import('../undo/run.ts');
    end(await runUndo(names, flags, signal));
  });
}
