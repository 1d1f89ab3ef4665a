/** The `trailseal` command: its subcommands, signals and exit codes. */
import path from 'node:path';
import { Command, CommanderError, Help } from 'commander';
import { addBreaker } from './commands/breaker.ts';
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
import { exitCode, pointToHelp, UnansweredError, UsageError, usageErrorText } from './exit.ts';
import { discardUnfinished } from './output/files.ts';
import { version } from './output/replay-json.ts';
import { onInterrupt } from './signals.ts';

const root = path.join(import.meta.dirname, '..');

const abort = new AbortController();
let code: number = exitCode.success;
const context: CommandContext = {
  signal: abort.signal,
  end: (ended) => {
    code = ended;
  },
};

const help = new Help();
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
  exitCodes: {
    0: 'success',
    1: '--fail-on or --fail-on-change was reached, doctor found a failure, something was not undone, or you did not agree',
    2: 'wrong usage, invalid policy, no credentials, or no such deployment',
    3: 'some input could not be read, AWS was not reached or did not return what was needed, or a message or custom action could not be handled',
    70: 'internal error',
    130: 'interrupted',
  },
});

// Each command loads its code when it runs: the AWS SDK takes longer to load than the rest.
addReplay(program, context, path.join(root, 'data', 'sample'));
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
pointToHelp(program);

// From a clone, npm runs scripts in the project's folder; paths are meant relative to the folder npm was called in.
const calledIn = process.env['INIT_CWD'];
if (
  process.cwd() === root &&
  calledIn !== undefined &&
  /^(start|trailseal)$/.test(process.env['npm_lifecycle_event'] ?? '')
) {
  process.chdir(calledIn);
}

let interruptedAt: number | undefined;
/**
 * The first signal ends the work in order; what has not ended a second later is left. A terminal's Ctrl-C may arrive
 * twice, the second time from the launcher.
 */
function interrupt(): void {
  if (interruptedAt === undefined) {
    interruptedAt = performance.now();
    setTimeout(leave, 1_000).unref();
  }
  abort.abort(new Error('interrupted'));
  if (performance.now() - interruptedAt > 500) leave();
}

function leave(): void {
  discardUnfinished();
  process.stderr.write('Interrupted. The files that were written are complete.\n');
  process.exit(exitCode.interrupted);
}

onInterrupt(interrupt);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` that has read enough does not change how this ends.
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout)
      process.stderr.write(`trailseal: cannot write the output: ${error.message}\n`);
    process.exitCode = exitCode.usage;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (abort.signal.aborted) {
    process.stderr.write('Interrupted. The files that were written are complete.\n');
    code = exitCode.interrupted;
  } else if (error instanceof CommanderError) {
    code = error.exitCode === 0 ? exitCode.success : exitCode.usage;
  } else if (error instanceof UsageError || error instanceof UnansweredError) {
    process.stderr.write(`trailseal: ${error.message}\n`);
    code = error instanceof UsageError ? exitCode.usage : exitCode.incomplete;
  } else {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`trailseal: internal error, please report it:\n${details}\n`);
    code = exitCode.internal;
  }
}
process.exitCode ??= code;
