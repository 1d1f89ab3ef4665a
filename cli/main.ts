/** The process of the `trailseal` command: its signals, streams and exit codes. */
import path from 'node:path';
import { CommanderError } from 'commander';
import { reasonOf } from '../lib/aws/reason.ts';
import { isObject } from '../lib/core/json.ts';
import type { CommandContext } from './commands/options.ts';
import { exitCode, UnansweredError, UsageError } from './exit.ts';
import { discardUnfinished } from './output/files.ts';
import { printable } from './output/printable.ts';
import { makeProgram } from './program.ts';
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
  await makeProgram(context).parseAsync();
} catch (error) {
  if (abort.signal.aborted) {
    process.stderr.write('Interrupted. The files that were written are complete.\n');
    code = exitCode.interrupted;
  } else if (error instanceof CommanderError) {
    code = error.exitCode === 0 ? exitCode.success : exitCode.usage;
  } else if (error instanceof UsageError || error instanceof UnansweredError) {
    process.stderr.write(`trailseal: ${error.message}\n`);
    code = error instanceof UsageError ? exitCode.usage : exitCode.incomplete;
  } else if (isObject(error) && '$metadata' in error) {
    // The SDK adds this member to every error of a call: AWS or the network failed, not Trailseal.
    process.stderr.write(
      `trailseal: a call to AWS failed: ${printable(reasonOf(error))}; run the command again, or see what fails: trailseal doctor\n`,
    );
    code = exitCode.incomplete;
  } else {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`trailseal: internal error, please report it:\n${details}\n`);
    code = exitCode.internal;
  }
}
process.exitCode ??= code;
