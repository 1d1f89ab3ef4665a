/** The `trailseal` command: what it takes, and how it ends. */
import path from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { runControls } from './commands/controls.ts';
import { runExplain } from './commands/explain.ts';
import { runPolicyValidate } from './commands/policy.ts';
import { runReplay, withReplayOptions } from './commands/replay.ts';
import { exitCode, UsageError } from './exit.ts';
import { discardUnfinished } from './output/files.ts';
import { version } from './version.ts';

/** The archive that ships with Trailseal: a month of five accounts. */
const sampleArchive = path.join(import.meta.dirname, '..', 'data', 'sample');

const abort = new AbortController();
let code: number = exitCode.fine;

const format = () =>
  new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table');

const program = new Command('trailseal')
  .description('Judges AWS CloudTrail events against encryption controls.')
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 fine; 1 --fail-on reached; 2 wrong usage or policy; 3 some input could not be read; 70 a fault of its own; 130 interrupted.',
  );

withReplayOptions(
  program
    .command('replay')
    .description(
      'Run a CloudTrail archive through the controls: what is open, who did it, what the policy would have done.',
    )
    .argument(
      '<path...>',
      'files or folders: .json or .json.gz as CloudTrail delivers them, JSON lines, single events',
    ),
).action(async (paths, flags) => {
  code = await runReplay(paths, flags, abort.signal);
});

withReplayOptions(
  program
    .command('start', { hidden: true })
    .description('Replay the sample archive, or the paths given.')
    .argument('[path...]'),
).action(async (paths: readonly string[], flags) => {
  const sample = path.relative(process.cwd(), sampleArchive) || sampleArchive;
  code = await runReplay(paths.length > 0 ? paths : [sample], flags, abort.signal);
});

program
  .command('explain')
  .description('Tell what each control made of an event: triggers, facts and their sources, verdict, plan.')
  .argument('<file>', 'a file with one event (or several, taken in order), or - for standard input')
  .option(
    '--policy <file>',
    'the policy; default: ./trailseal.policy.yml where there is one, else report only',
  )
  .addOption(format())
  .action(async (file, flags) => {
    code = await runExplain(file, flags);
  });

program
  .command('controls')
  .description('The catalogue of controls, or all about one.')
  .argument('[id]')
  .addOption(format())
  .action((id, flags) => {
    code = runControls(id, flags.format);
  });

program
  .command('policy')
  .description('Work with policy files.')
  .command('validate')
  .description('Check a policy: every error with its path, line and a hint.')
  .argument('<file>')
  .addOption(format())
  .action((file, flags) => {
    code = runPolicyValidate(file, flags.format);
  });

// From a clone, npm runs scripts in the project's folder; paths are meant from where the person stands.
const standing = process.env['INIT_CWD'];
const fromClone = process.cwd() === path.join(import.meta.dirname, '..');
if (
  fromClone &&
  standing !== undefined &&
  /^(start|trailseal)$/.test(process.env['npm_lifecycle_event'] ?? '')
) {
  process.chdir(standing);
}

let interruptedAt: number | undefined;
/** The first signal ends the work in an orderly way. A terminal's Ctrl-C may come twice, by the launcher too. */
function interrupt(): void {
  interruptedAt ??= performance.now();
  abort.abort(new Error('interrupted'));
  if (performance.now() - interruptedAt > 500) {
    discardUnfinished();
    process.exit(exitCode.interrupted);
  }
}
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` that has had enough changes nothing about how this ends.
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
    process.stderr.write('Interrupted; files that were written are whole.\n');
    code = exitCode.interrupted;
  } else if (error instanceof CommanderError) {
    code = error.exitCode === 0 ? exitCode.fine : exitCode.usage;
  } else if (error instanceof UsageError) {
    process.stderr.write(`trailseal: ${error.message}\n`);
    code = exitCode.usage;
  } else {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`trailseal: a fault of Trailseal's own, please report it:\n${told}\n`);
    code = exitCode.fault;
  }
}
process.exitCode ??= code;
