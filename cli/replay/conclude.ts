/** Ends a replay or a scan: writes the files, prints the summary, and determines the exit code. */
import { type Control, type Severity, severities } from '../../lib/core/control.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import type { EvaluatingFlags } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { writeOutputs } from '../output/files.ts';
import { printable, printableJson } from '../output/printable.ts';
import { type RunOrigin, replayJson } from '../output/replay-json.ts';
import { inputErrorsText, summaryText } from '../output/summary.ts';
import { stdoutOptions } from '../output/table.ts';
import { computing } from '../signals.ts';

/**
 * Prints and writes the results of a replay or a scan.
 * @param controls those that evaluated.
 * @returns the exit code.
 */
export async function conclude(
  result: Replay,
  origin: RunOrigin,
  controls: readonly Control[],
  flags: EvaluatingFlags,
  signal: AbortSignal,
): Promise<number> {
  const json = computing(() => replayJson(result, origin));
  const written = await writeOutputs(flags.out, result, json, controls, origin, signal);
  const quiet = flags.quiet === true;
  if (flags.format === 'json') {
    process.stdout.write(`${computing(() => printableJson(json, 2))}\n`);
  } else {
    process.stdout.write(summaryText(result, origin, written.files, { ...stdoutOptions(), quiet }));
  }
  if (quiet && result.inputErrors.length > 0) {
    process.stderr.write(`${inputErrorsText(result)}\n`);
  }
  for (const { id, reason } of written.unpublishable.slice(0, 5)) {
    process.stderr.write(`not in findings.asff.json: ${printable(id)}: ${printable(reason)}\n`);
  }
  if (written.unpublishable.length > 5) {
    process.stderr.write(`… and ${written.unpublishable.length - 5} more, listed in summary.json\n`);
  }
  if (flags.failOn !== undefined && reaches(result, flags.failOn)) return exitCode.failure;
  return result.inputErrors.length > 0 ? exitCode.incomplete : exitCode.success;
}

/** UNKNOWN does not fail a build, and neither does a failure with an active exemption. */
function reaches(result: Replay, failOn: Severity): boolean {
  return result.findings.some(
    ({ status, verdict, severity, exemption }) =>
      status === 'OPEN' &&
      verdict === 'FAIL' &&
      exemption?.state !== 'active' &&
      severities.indexOf(severity) >= severities.indexOf(failOn),
  );
}
