/** `trailseal replay PATH…`: an archive through the controls. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { type Severity, severities } from '../../lib/control.ts';
import { controls } from '../../lib/controls/index.ts';
import { parseTime } from '../../lib/trail/parse.ts';
import { exitCode, UsageError } from '../exit.ts';
import { writeOutputs } from '../output/files.ts';
import { printable, printableJson } from '../output/printable.ts';
import { progressBar } from '../output/progress.ts';
import { type Origin, replayJson } from '../output/replay-json.ts';
import { summaryText, troubleText } from '../output/summary.ts';
import { readPolicy } from '../policy-file.ts';
import { type Replay, replay, type Scope } from '../replay.ts';
import { version } from '../version.ts';

interface Flags {
  readonly policy?: string;
  readonly out: string;
  readonly format: 'table' | 'json';
  readonly since?: string;
  readonly until?: string;
  readonly account: readonly string[];
  readonly region: readonly string[];
  readonly control: readonly string[];
  readonly failOn?: Severity;
  readonly threads?: string;
  readonly quiet?: boolean;
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];

/** The options of a replay, for every command that makes one. */
export function withReplayOptions(command: Command): Command {
  return command
    .option(
      '--policy <file>',
      'the policy; default: ./trailseal.policy.yml where there is one, else report only',
    )
    .option('--out <dir>', 'the folder for findings and report', 'out')
    .addOption(new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table'))
    .option('--since <time>', 'judge events from this time on (ISO 8601, UTC where no zone is given)')
    .option('--until <time>', 'leave events at or after this time alone; a bare day counts to its end')
    .option('--account <id>', 'only resources of this account (repeatable)', collect, [])
    .option('--region <name>', 'only resources in this Region (repeatable)', collect, [])
    .option('--control <id>', 'only this control (repeatable)', collect, [])
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 when an open failure, not exempt, is this severe or worse')
        .choices([...severities])
        .argParser((value) => oneOf(value.toUpperCase(), severities, '--fail-on')),
    )
    .option('--threads <number>', 'threads that read the archive; default: as many as help')
    .option('--quiet', 'print the counts only, and no progress');
}

/**
 * Replays `paths`, prints and writes what came of it.
 * @returns the exit code.
 */
export async function runReplay(
  paths: readonly string[],
  flags: Flags,
  signal: AbortSignal,
): Promise<number> {
  const chosen = chooseControls(flags.control);
  const { policy, name } = readPolicy(flags.policy, controls);
  const scope = scopeOf(flags);
  const threads = threadsOf(flags.threads);
  if (flags.out === '') throw new UsageError('--out takes the name of a folder, not nothing');
  const now = new Date();
  const bar = progressBar(process.stderr, flags.quiet !== true);
  let result: Replay;
  try {
    result = await replay(paths, {
      controls: chosen,
      policy,
      scope,
      now,
      signal,
      onProgress: bar.update,
      ...(threads === undefined ? {} : { threads }),
    });
  } finally {
    bar.stop();
  }
  const origin: Origin = { version, generatedAt: now.toISOString(), sources: paths, policy: name };
  const json = replayJson(result, origin);
  const written = await writeOutputs(flags.out, result, json, chosen, origin, signal);
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

function chooseControls(ids: readonly string[]): typeof controls {
  if (ids.length === 0) return controls;
  const known = controls.map(({ id }) => id);
  for (const id of ids) oneOf(id, known, '--control');
  return controls.filter(({ id }) => ids.includes(id));
}

function scopeOf(flags: Flags): Scope {
  const since = flags.since === undefined ? undefined : timeOf(flags.since, '--since');
  const day = /^\d{4}-\d{2}-\d{2}$/.test(flags.until ?? '') ? 86_400_000 : 0;
  const until = flags.until === undefined ? undefined : timeOf(flags.until, '--until') + day;
  if (since !== undefined && until !== undefined && since >= until) {
    throw new UsageError('--since must be earlier than --until');
  }
  for (const account of flags.account) {
    if (!/^\d{12}$/.test(account))
      throw new UsageError(`--account takes 12 digits, not ${printable(account)}`);
  }
  for (const region of flags.region) {
    if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) {
      throw new UsageError(
        `--region takes a Region such as eu-central-1, not ${printable(region) || 'nothing'}`,
      );
    }
  }
  return {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(flags.account.length === 0 ? {} : { accounts: new Set(flags.account) }),
    ...(flags.region.length === 0 ? {} : { regions: new Set(flags.region) }),
  };
}

function timeOf(value: string, option: string): number {
  const time = parseTime(value);
  if (time === undefined) {
    throw new UsageError(
      `${option} takes a time such as 2026-10-31 or 2026-10-31T06:00:00Z, not ${printable(value)}`,
    );
  }
  return time;
}

function threadsOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const threads = Number(value);
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new UsageError(`--threads takes a whole number from 1 to 64, not ${printable(value)}`);
  }
  return threads;
}

function oneOf<const T extends string>(value: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new UsageError(`${option} takes one of: ${allowed.join(', ')}; not ${printable(value)}`);
  }
  return found;
}
