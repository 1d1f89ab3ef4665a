/** `trailseal replay [PATH…] [--trail …]`: an archive through the controls. */
import type { Command } from 'commander';
import { controls } from '../../lib/controls/index.ts';
import type { StoredFiles } from '../../lib/trail/archive.ts';
import { parseTime } from '../../lib/trail/parse.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { replayBar } from '../output/progress.ts';
import { readPolicy } from '../policy-file.ts';
import { type Replay, replay, type Scope } from '../replay.ts';
import { isS3Uri } from '../s3/location.ts';
import { version } from '../version.ts';
import { conclude } from './conclude.ts';
import {
  checkOut,
  checkRegion,
  chooseControls,
  collect,
  type JudgingFlags,
  withJudgingOptions,
} from './options.ts';

export interface ReplayFlags extends JudgingFlags {
  readonly since?: string;
  readonly until?: string;
  readonly account: readonly string[];
  readonly region: readonly string[];
  readonly threads?: string;
  readonly trail: readonly string[];
  readonly profile?: string;
}

/** The options of a replay, for every command that makes one. */
export function withReplayOptions(command: Command): Command {
  return withJudgingOptions(command)
    .option('--since <time>', 'judge events from this time on (ISO 8601, UTC where no zone is given)')
    .option('--until <time>', 'leave events at or after this time alone; a bare day counts to its end')
    .option('--account <id>', 'only resources of this account (repeatable)', collect, [])
    .option('--region <name>', 'only resources in this Region (repeatable)', collect, [])
    .option('--threads <number>', 'threads that read files; default: as many as help')
    .option('--trail <name>', 'read the bucket of this trail, by its name or ARN (repeatable)', collect, [])
    .option('--profile <name>', 'the profile of your AWS configuration whose credentials are used for S3')
    .addHelpText(
      'after',
      '\nOf S3, only the folders of the days (and one more), accounts and Regions asked for are listed and read, so\nthat learning starts there too: --since leaves out more than it does of a folder that holds all.',
    );
}

/**
 * Replays `paths` and what the trails deliver, prints and writes what came of it.
 * @returns the exit code.
 */
export async function runReplay(
  paths: readonly string[],
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<number> {
  if (paths.length === 0 && flags.trail.length === 0) {
    throw new UsageError('replay takes what to read: files, folders, s3://BUCKET/PREFIX, or --trail NAME');
  }
  const chosen = chooseControls(flags.control, controls);
  const { policy, name } = readPolicy(flags.policy, controls);
  const scope = scopeOf(flags);
  const threads = threadsOf(flags.threads);
  checkOut(flags.out);
  const now = new Date();
  const uris = paths.filter(isS3Uri);
  const bar = replayBar(process.stderr, flags.quiet !== true);
  let result: Replay;
  let trails: readonly string[] = [];
  try {
    let stored: StoredFiles | undefined;
    if (uris.length > 0 || flags.trail.length > 0) {
      // The SDK takes a while to load, which those who read files need not wait for.
      const { openS3Archive } = await import('../s3/archive.ts');
      const sources = { uris, trails: flags.trail, profile: flags.profile, scope };
      ({ trails, stored } = await openS3Archive(sources, bar.update, signal));
    }
    result = await replay(
      paths.filter((path) => !isS3Uri(path)),
      {
        controls: chosen,
        policy,
        scope,
        now,
        signal,
        onProgress: bar.update,
        ...(threads === undefined ? {} : { threads }),
        ...(stored === undefined ? {} : { stored }),
      },
    );
  } finally {
    bar.stop();
  }
  const generatedAt = now.toISOString();
  return conclude(
    result,
    { command: 'replay', version, generatedAt, sources: [...paths, ...trails], policy: name },
    chosen,
    flags,
    signal,
  );
}

function scopeOf(flags: ReplayFlags): Scope {
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
  flags.region.forEach(checkRegion);
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
