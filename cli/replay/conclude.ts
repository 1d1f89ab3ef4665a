/** How a command that evaluates ends: the files are written, the summary is printed, the exit code says what is so. */
import { type Control, type Severity, severities } from '../../lib/core/control.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import type { EvaluatingFlags } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { writeOutputs } from '../output/files.ts';
import { printable, printableJson } from '../output/printable.ts';
import { type Origin, replayJson } from '../output/replay-json.ts';
import { summaryText, troubleText } from '../output/summary.ts';

/**
 * Prints and writes what came of a replay or a scan.
 * @param controls those that evaluated.
 * @returns the exit code.
 */
export async function conclude(
  result: Replay,
  origin: Origin,
  controls: readonly Control[],
  flags: EvaluatingFlags,
  signal: AbortSignal,
): Promise<number> {
  const json = replayJson(result, origin);
  const written = await writeOutputs(flags.out, result, json, controls, origin, signal);
  if (flags.format === 'json') {
    process.stdout.write(`${printableJson(json, 2)}\n`);
  } else {
    const colour = process.stdout.hasColors?.() === true && (process.env['NO_COLOR'] ?? '') === '';
    const width = process.stdout.columns ?? 140;
    process.stdout.write(
      summaryText(result, origin, written.files, { colour, width, quiet: flags.quiet === true }),
    );
  }
  if (flags.quiet === true && result.inputErrors.length > 0) {
    process.stderr.write(`${troubleText(result)}\n`);
  }
  for (const { id, reason } of written.unpublishable.slice(0, 5)) {
    process.stderr.write(`not in findings.asff.json: ${printable(id)}: ${printable(reason)}\n`);
  }
  if (written.unpublishable.length > 5) {
    process.stderr.write(`… and ${written.unpublishable.length - 5} more, named in summary.json\n`);
  }
  if (flags.failOn !== undefined && reaches(result, flags.failOn)) return exitCode.failOn;
  return result.inputErrors.length > 0 ? exitCode.input : exitCode.fine;
}

/** Doubts (UNKNOWN) do not fail a build, and neither does what somebody answers for (an active exemption). */
function reaches(result: Replay, failOn: Severity): boolean {
  return result.findings.some(
    ({ status, verdict, severity, exemption }) =>
      status === 'OPEN' &&
      verdict === 'FAIL' &&
      exemption?.state !== 'active' &&
      severities.indexOf(severity) >= severities.indexOf(failOn),
  );
}
