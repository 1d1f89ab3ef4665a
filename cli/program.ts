/** The `trailseal` command with its subcommands. */
import path from 'node:path';
import { Command, Help } from 'commander';
import { addBreaker } from './commands/breaker.ts';
import { addCompletion } from './commands/completion.ts';
import { addControls } from './commands/controls.ts';
import { addCustomActions } from './commands/custom-actions.ts';
import { addDlq } from './commands/dlq.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addKillSwitch } from './commands/kill-switch.ts';
import { type CommandContext, withHelpNotes } from './commands/options.ts';
import { addPolicy } from './commands/policy.ts';
import { addReplay } from './commands/replay.ts';
import { addScan } from './commands/scan.ts';
import { addUndo } from './commands/undo.ts';
import { pointToHelp, usageErrorText } from './exit.ts';
import { version } from './output/replay-json.ts';

const sampleArchive = path.join(import.meta.dirname, '..', 'data', 'sample');
const help = new Help();

/**
 * @param context what the commands get of the process that runs them.
 * @returns the command with all its subcommands, to be parsed once.
 * @example await makeProgram(context).parseAsync()
 */
export function makeProgram(context: CommandContext): Command {
  const program = new Command('trailseal')
    .description(
      'Evaluates AWS resources against encryption controls: from CloudTrail events, or as they are now.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(usageErrorText(message)) })
    // An option that may be repeated has an empty list as its default, which would be shown.
    .configureHelp({
      optionDescription: (option) =>
        Array.isArray(option.defaultValue) ? option.description : help.optionDescription(option),
    });
  withHelpNotes(program, {
    examples: ['trailseal replay logs/', 'trailseal scan --region eu-central-1', 'trailseal doctor'],
    exitCodes: {
      0: 'success',
      1: '--fail-on, --fail-on-change or --strict was reached, doctor found a failure, something was not undone, or you did not agree',
      2: 'wrong usage, invalid policy, no credentials, or no such deployment',
      3: 'nothing was evaluated, what was named is not there, some input could not be read, AWS was not reached or did not return what was needed, or a message or custom action could not be handled',
      70: 'internal error',
      130: 'interrupted',
    },
  });

  // Each command loads its code when it runs: the AWS SDK takes longer to load than the rest.
  addReplay(program, context, sampleArchive);
  addScan(program, context);
  addExplain(program, context);
  addControls(program, context);
  addPolicy(program, context);
  addDoctor(program, context);
  addDlq(program, context);
  addCustomActions(program, context);
  addUndo(program, context);
  addHistory(program, context);
  addBreaker(program, context);
  addKillSwitch(program, context);
  addCompletion(program);
  pointToHelp(program);
  return program;
}
