/** The `trailseal` command: what it takes, and how it ends. */
import path from 'node:path';
import { Command, CommanderError, Help, Option } from 'commander';
import { redrivable } from '../lib/aws/names.ts';
import { runControls } from './commands/controls.ts';
import { collect, withEvaluatingOptions } from './commands/options.ts';
import type { DlqFlags, RedriveFlags } from './dlq/run.ts';
import { exitCode, UnansweredError, UsageError } from './exit.ts';
import { runExplain } from './explain/run.ts';
import { addOperatorCommands } from './operator/commands.ts';
import { discardUnfinished } from './output/files.ts';
import { runPolicyDiff, runPolicyValidate } from './policy/run.ts';
import { addPolicyOverrideCommands } from './policy-override/commands.ts';
import { withArchiveOptions } from './replay/archive.ts';
import { type ReplayFlags, runReplay, withReplayOptions } from './replay/run.ts';
import { pointToHelp, usageErrorText } from './usage-error.ts';
import { version } from './version.ts';

/** The archive that ships with Trailseal: a month of five accounts. */
const sampleArchive = path.join(import.meta.dirname, '..', 'data', 'sample');

const abort = new AbortController();
let code: number = exitCode.fine;

const format = () =>
  new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table');

const help = new Help();

const program = new Command('trailseal')
  .description(
    'Evaluates AWS resources, by CloudTrail events or as they are now, against encryption controls.',
  )
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: (message, write) => write(usageErrorText(message)) })
  // What may be repeated is an empty list where it is left out, which tells nobody anything.
  .configureHelp({
    optionDescription: (option) =>
      Array.isArray(option.defaultValue) ? option.description : help.optionDescription(option),
  })
  .addHelpText(
    'after',
    '\nExit codes: 0 fine; 1 --fail-on reached, doctor found a failure, or something is not undone; 2 wrong usage or policy; 3 some input could not be read, AWS was not reached or would not tell something, or some dead letter not be sent; 70 a fault of its own; 130 interrupted.',
  );

withReplayOptions(
  program
    .command('replay')
    .description(
      'Run a CloudTrail archive through the controls: what is open, who did it, what the policy would have done.',
    )
    .argument(
      '[path...]',
      'files or folders: .json or .json.gz as CloudTrail delivers them, JSON lines, single events; or where such are in S3, as s3://BUCKET or s3://BUCKET/PREFIX',
    ),
).action(async (paths: readonly string[], flags: ReplayFlags) => {
  code = await runReplay(paths, flags, abort.signal);
});

withReplayOptions(
  program
    .command('start', { hidden: true })
    .description('Replay the sample archive, or the paths given.')
    .argument('[path...]'),
).action(async (paths: readonly string[], flags: ReplayFlags) => {
  const sample = path.relative(process.cwd(), sampleArchive) || sampleArchive;
  const named = paths.length > 0 || flags.trail.length > 0;
  code = await runReplay(named ? paths : [sample], flags, abort.signal);
});

withEvaluatingOptions(
  program
    .command('scan')
    .description(
      'Evaluate what exists now in your AWS account, with your credentials: lists and reads, and changes nothing.',
    )
    .option(
      '--region <name>',
      'a Region (repeatable, or a list with commas), or all that are enabled; default: the configured one',
      collect,
      [],
    )
    .option('--profile <name>', 'the profile of your AWS configuration whose credentials are used'),
).action(async (flags) => {
  // The SDK takes a while to load, which the other commands need not wait for.
  const { runScan } = await import('./scan/run.ts');
  code = await runScan(flags, abort.signal);
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

const policy = program
  .command('policy')
  .description('Work with policy files, and with what overrides the deployed one.');
policy
  .command('validate')
  .description('Check a policy: every error with its path, line and a hint.')
  .argument('<file>')
  .addOption(format())
  .action((file, flags) => {
    code = runPolicyValidate(file, flags.format);
  });

withArchiveOptions(
  policy
    .command('diff')
    .description('Replay an archive under two policies, and tell what the new one would change, and why.')
    .argument('<old>', 'the policy as it is')
    .argument('<new>', 'the policy as it would be')
    .argument('[path...]', 'what to replay, as `trailseal replay` takes it')
    .option('--control <id>', 'only this control (repeatable)', collect, [])
    .addOption(format())
    .option('--fail-on-change', 'exit 1 when anything changes')
    .option('--quiet', 'print one sentence only, and no progress'),
)
  .addHelpText(
    'after',
    '\nNothing is written and nothing done. Exit codes: 0 fine; 1 --fail-on-change, and something changes; 2 wrong usage, or either policy is wrong; 3 some input could not be read.',
  )
  .action(async (oldFile, newFile, paths, flags) => {
    code = await runPolicyDiff(oldFile, newFile, paths, flags, abort.signal);
  });

addPolicyOverrideCommands(policy, abort.signal, (deleted) => {
  code = deleted;
});

// What asks AWS is loaded when it is wanted: the SDK takes longer to load than the rest.
program
  .command('doctor')
  .description('Tell whether an account and Region are ready, and what to do about each thing that is not.')
  .option('--region <name>', 'look here (repeatable); default: the configured Region', collect, [])
  .option('--stage <name>', 'the deployment to look at', 'dev')
  .option('--profile <name>', 'the profile of credentials to use')
  .option(
    '--policy <file>',
    'the policy that was deployed; default: ./trailseal.policy.yml where there is one, else all controls',
  )
  .addOption(format())
  .addHelpText(
    'after',
    '\nNothing is changed. Where the policy has actions or orders, what acts is looked at too. What it may not look at it names, with the IAM action to allow.\nExit codes: 0 ready (warnings at most); 1 something failed; 3 nothing failed, but something could not be looked at.',
  )
  .action(async (flags) => {
    const { runDoctor } = await import('./doctor/run.ts');
    code = await runDoctor(flags);
  });

const dlq = program
  .command('dlq')
  .description('Work with dead letters: what could not be delivered to a queue, or handled from it.');
const withQueueOptions = (command: Command): Command =>
  command
    .option('--stage <name>', 'the deployment', 'dev')
    .option('--region <name>', 'where it is; default: the configured Region')
    .option('--profile <name>', 'the profile of credentials to use')
    .addOption(new Option('--queue <name>', 'only those of this queue').choices([...redrivable]))
    .option('--max <number>', 'read so many of each queue at most', '1000')
    .addOption(format());

withQueueOptions(dlq.command('list').description('What lies there, since when, and why.'))
  .addHelpText(
    'after',
    '\nSQS has no way to look without receiving: while the list is made, up to two minutes if it is cut off hard, others do not see the messages.\nExit codes: 0 fine; 2 no such deployment; 3 a queue could not be read.',
  )
  .action(async (flags: DlqFlags) => {
    const { runDlqList } = await import('./dlq/run.ts');
    code = await runDlqList(flags, abort.signal);
  });

withQueueOptions(
  dlq.command('redrive').description('Send dead letters back to the queue they were meant for.'),
)
  .option('--id <message>', 'this message, by its id as `dlq list` shows it (repeatable)', collect, [])
  .option('--all', 'all messages')
  .option('--dry-run', 'tell what would be sent, and leave it')
  .addHelpText(
    'after',
    '\nA message is deleted from the dead letters once its queue has accepted it; one that is handled twice does no harm.\nExit codes: 0 fine; 2 wrong usage, or no such deployment; 3 something could not be read, found, sent or deleted.',
  )
  .action(async (flags: RedriveFlags) => {
    const { runDlqRedrive } = await import('./dlq/run.ts');
    code = await runDlqRedrive(flags, abort.signal);
  });

addOperatorCommands(program, abort.signal, (deleted) => {
  code = deleted;
});

pointToHelp(program);

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
  } else if (error instanceof UsageError || error instanceof UnansweredError) {
    process.stderr.write(`trailseal: ${error.message}\n`);
    code = error instanceof UsageError ? exitCode.usage : exitCode.input;
  } else {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`trailseal: a fault of Trailseal's own, please report it:\n${told}\n`);
    code = exitCode.fault;
  }
}
process.exitCode ??= code;
