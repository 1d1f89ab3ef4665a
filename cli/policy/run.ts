/** `trailseal policy validate FILE`: is it a policy, and if not, where and why; `policy diff OLD NEW PATH…`. */

import { type Policy, parsePolicy } from '../../lib/policy/policy.ts';
import { controls } from '../../lib/services/controls.ts';
import { chooseControls } from '../commands/options.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { troubleText } from '../output/summary.ts';
import { type ArchiveFlags, readingArchive } from '../replay/archive.ts';
import { version } from '../version.ts';
import { compare } from './diff/compare.ts';
import { replayUnderBoth } from './diff/replays.ts';
import type { PolicyDiffJson } from './diff/schema.ts';
import { summaryOf } from './diff/summary.ts';
import { diffText } from './diff/text.ts';
import { policyErrorText, readText } from './file.ts';

export function runPolicyValidate(file: string, format: 'table' | 'json'): number {
  const parsed = parsePolicy(readText(file), file, controls);
  if (format === 'json') {
    const errors = parsed.ok ? [] : parsed.errors;
    process.stdout.write(`${printableJson({ file, valid: parsed.ok, errors }, 2)}\n`);
    return parsed.ok ? exitCode.fine : exitCode.usage;
  }
  if (!parsed.ok) {
    process.stderr.write(`${policyErrorText(file, parsed.errors)}\n`);
    return exitCode.usage;
  }
  const { policy } = parsed;
  const acting = [...policy.controls.values()].filter(
    ({ enabled, actions }) => enabled && actions.length > 0,
  ).length;
  const enabled = [...policy.controls.values()].filter((control) => control.enabled).length;
  process.stdout.write(
    `${printable(file)} is a valid policy: ${enabled} of ${policy.controls.size} controls enabled, ` +
      `${acting === 0 ? 'all report only' : `${acting} act`}${customActionsText(policy)}, ${policy.exemptions.length} exemptions.\n`,
  );
  return exitCode.fine;
}

function customActionsText({ customActions }: Policy): string {
  if (customActions.length === 0) return '';
  const list = new Intl.ListFormat('en-GB').format(customActions);
  return `, operators may order ${list}`;
}

export interface PolicyDiffFlags extends ArchiveFlags {
  readonly format: 'table' | 'json';
  readonly control: readonly string[];
  readonly failOnChange?: boolean;
}

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
  const chosen = chooseControls(flags.control, controls);
  const now = new Date();
  const { result, sources } = await readingArchive(paths, flags, signal, (local, reading) =>
    replayUnderBoth(local, policies, chosen, { ...reading, now }),
  );
  const comparison = compare(result.old, result.new);
  const { files, records, inputErrors, skipped } = result.new.replay;
  const diff: PolicyDiffJson = {
    trailseal: version,
    generatedAt: now.toISOString(),
    old: oldFile,
    new: newFile,
    sources: [...sources],
    files,
    records,
    summary: summaryOf(comparison, { old: oldFile, new: newFile }),
    changed: comparison.changes.length > 0,
    same: comparison.same,
    controls: [...comparison.controls],
    findings: [...comparison.changes],
    inputErrors: inputErrors.map((error) => ({ ...error })),
    skipped: skipped.map((file) => ({ ...file })),
  };
  process.stdout.write(
    flags.format === 'json'
      ? `${printableJson(diff, 2)}\n`
      : diffText(diff, { width: process.stdout.columns ?? 140, quiet: flags.quiet === true }),
  );
  if (inputErrors.length > 0) process.stderr.write(`${troubleText(result.new.replay)}\n`);
  if (flags.failOnChange === true && diff.changed) return exitCode.failOn;
  return inputErrors.length > 0 ? exitCode.input : exitCode.fine;
}

/** Both policies; `undefined` where one is none, after all that is wrong with them was told. */
function readBoth(oldFile: string, newFile: string): { old: Policy; new: Policy } | undefined {
  const [old, now] = [oldFile, newFile].map((file) => {
    const parsed = parsePolicy(readText(file), file, controls);
    if (!parsed.ok) process.stderr.write(`${policyErrorText(file, parsed.errors)}\n`);
    return parsed.ok ? parsed.policy : undefined;
  });
  return old === undefined || now === undefined ? undefined : { old, new: now };
}
