/** Ends a replay or a scan: writes the files, prints the summary, and determines the exit code. */
import { existsSync } from 'node:fs';
import { type Control, type Severity, severities } from '../../lib/core/control.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import type { EvaluatingFlags } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { hasReport, type OutputFile, writeFiles, writeOutputs } from '../output/files.ts';
import { formatted } from '../output/formats/index.ts';
import { printable } from '../output/printable.ts';
import { type RunOrigin, replayJson } from '../output/replay-json.ts';
import { inputErrorsText, scopeErrorsText, summaryText } from '../output/summary.ts';
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
  const run = { replay: result, origin, controls };
  const json = computing(() => replayJson(result, origin));
  const empty = result.matched === 0 && flags.allowEmpty !== true;
  const keepsLast = empty && hasReport(flags.out);
  // Nothing replaces what an earlier run has written by an empty file.
  const named = flags.write
    .filter(({ file }) => !(empty && existsSync(file)))
    .map(({ format, file }): OutputFile => [file, () => formatted(run, format)]);
  const written = keepsLast
    ? { files: named.map(([file]) => file), unpublishable: [] }
    : await writeOutputs(flags.out, run, json, named, signal);
  if (keepsLast) await writeFiles(named, signal);
  const quiet = flags.quiet === true;
  if (flags.format === 'table') {
    process.stdout.write(summaryText(result, origin, written.files, { ...stdoutOptions(), quiet }));
  } else {
    process.stdout.write(formatted(run, flags.format));
  }
  // The table and the JSON have them.
  if (result.inputErrors.length > 0 && (quiet || !['table', 'json'].includes(flags.format))) {
    process.stderr.write(`${inputErrorsText(result)}\n`);
  }
  for (const { id, reason } of written.unpublishable.slice(0, 5)) {
    process.stderr.write(`not in findings.asff.json: ${printable(id)}: ${printable(reason)}\n`);
  }
  if (written.unpublishable.length > 5) {
    process.stderr.write(`… and ${written.unpublishable.length - 5} more, listed in summary.json\n`);
  }
  const scopeErrors = scopeErrorsText(origin.scopeErrors, flags.allowEmpty === true);
  if (scopeErrors !== '') process.stderr.write(`${scopeErrors}\n`);
  if (keepsLast) {
    process.stderr.write(`${printable(flags.out)} still has the report of an earlier run\n`);
  }
  if (flags.failOn !== undefined && reaches(result, flags.failOn)) return exitCode.failure;
  return incomplete(result, origin.scopeErrors, flags) ? exitCode.incomplete : exitCode.success;
}

/** Whether something could not be read, or what was asked for was not there and `--allow-empty` was not given. */
export function incomplete(
  { inputErrors }: Pick<Replay, 'inputErrors'>,
  scopeErrors: readonly string[],
  { allowEmpty }: { readonly allowEmpty?: boolean },
): boolean {
  return inputErrors.length > 0 || (scopeErrors.length > 0 && allowEmpty !== true);
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
