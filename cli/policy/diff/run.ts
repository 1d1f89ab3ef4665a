/** Runs `trailseal policy diff`. */
import { parsePolicy } from '../../../lib/policy/file/parse.ts';
import type { Policy } from '../../../lib/policy/model.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import type { DiffFormat } from '../../commands/options.ts';
import type { PolicyDiffFlags } from '../../commands/policy.ts';
import { exitCode, UsageError } from '../../exit.ts';
import { type OutputFile, writeFiles } from '../../output/files.ts';
import { printableJson } from '../../output/printable.ts';
import { inputErrorsJson, skippedJson, version } from '../../output/replay-json.ts';
import { inputErrorsText, scopeErrorsText } from '../../output/summary.ts';
import { stdoutOptions } from '../../output/table.ts';
import { readingArchive } from '../../replay/archive.ts';
import { incomplete } from '../../replay/conclude.ts';
import { chooseControls, disabledErrors, scopeErrors } from '../../replay/scope.ts';
import { policyErrorText, readText } from '../file.ts';
import { compare } from './compare.ts';
import { diffMarkdown } from './markdown.ts';
import { replayUnderBoth } from './replays.ts';
import type { PolicyDiffJson } from './schema.ts';
import { broadPermissionsText, summaryOf } from './summary.ts';
import { diffText } from './text.ts';

/**
 * Replays what `paths` and the trails hold under two policies, and prints what the new one changes.
 * @returns the exit code.
 */
export async function runPolicyDiff(
  oldFile: string,
  newFile: string,
  paths: readonly string[],
  flags: PolicyDiffFlags,
  signal: AbortSignal,
): Promise<number> {
  const policies = readBoth(oldFile, newFile);
  if (policies === undefined) return exitCode.usage;
  if (paths.length === 0 && flags.trail.length === 0) {
    throw new UsageError(
      'policy diff takes, after the two policies, what to replay: files, folders, s3://BUCKET/PREFIX, or --trail NAME',
    );
  }
  const { chosen, errors } = chooseControls(flags, controls);
  const now = new Date();
  const { result, sources, scope } = await readingArchive(paths, flags, { now, signal }, (local, reading) =>
    replayUnderBoth(local, policies, chosen, { ...reading, now }),
  );
  const comparison = compare(result.old, result.new);
  const { files, records, inputErrors, skipped } = result.new.replay;
  const named = [...errors, ...disabledErrors(flags.control, [policies.old, policies.new])];
  const missing = scopeErrors(named, scope, [result.old.replay, result.new.replay]);
  const diff: PolicyDiffJson = {
    trailseal: version,
    generatedAt: now.toISOString(),
    old: oldFile,
    new: newFile,
    sources: [...sources],
    files,
    records,
    summary: [
      summaryOf(comparison, { old: oldFile, new: newFile }),
      broadPermissionsText(policies.old.broadPermissions, policies.new.broadPermissions) ?? [],
    ]
      .flat()
      .join(' '),
    changed: comparison.changes.length > 0,
    same: comparison.same,
    controls: [...comparison.controls],
    findings: [...comparison.changes],
    inputErrors: inputErrorsJson(inputErrors),
    scopeErrors: [...missing],
    skipped: skippedJson(skipped),
  };
  const formats: Readonly<Record<DiffFormat, () => string>> = {
    json: () => `${printableJson(diff, 2)}\n`,
    markdown: () => diffMarkdown(diff),
  };
  await writeFiles(
    flags.write.map(({ format, file }): OutputFile => [file, formats[format]]),
    signal,
  );
  process.stdout.write(
    flags.format === 'table'
      ? diffText(diff, { width: stdoutOptions().width, quiet: flags.quiet === true })
      : formats[flags.format](),
  );
  if (inputErrors.length > 0) process.stderr.write(`${inputErrorsText(result.new.replay)}\n`);
  const missingText = scopeErrorsText(missing, flags.allowEmpty === true);
  if (missingText !== '') process.stderr.write(`${missingText}\n`);
  if (flags.failOnChange === true && diff.changed) return exitCode.failure;
  return incomplete(result.new.replay, missing, flags) ? exitCode.incomplete : exitCode.success;
}

/** Both policies; `undefined` where one is invalid, after all errors were printed. */
function readBoth(oldFile: string, newFile: string): { old: Policy; new: Policy } | undefined {
  const [old, now] = [oldFile, newFile].map((file) => {
    const parsed = parsePolicy(readText(file), file, controls);
    if (!parsed.ok) process.stderr.write(`${policyErrorText(file, parsed.errors)}\n`);
    return parsed.ok ? parsed.policy : undefined;
  });
  return old === undefined || now === undefined ? undefined : { old, new: now };
}
