/** What commands that replay an archive take to say what is read of it, and the reading itself. */
import type { Command } from 'commander';
import type { ReadingOptions, ReplayOptions, ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import type { StoredFiles } from '../../lib/trail/archive.ts';
import { parseTime } from '../../lib/trail/parse.ts';
import { checkRegion, collect } from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { replayBar } from '../output/progress.ts';
import { isS3Uri } from '../s3/location.ts';

export interface ArchiveFlags {
  readonly since?: string;
  readonly until?: string;
  readonly account: readonly string[];
  readonly region: readonly string[];
  readonly threads?: string;
  readonly trail: readonly string[];
  readonly profile?: string;
  readonly quiet?: boolean;
}

export function withArchiveOptions(command: Command): Command {
  return command
    .option('--since <time>', 'evaluate events from this time on (ISO 8601, UTC where no zone is given)')
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

/** What of an archive is read, and how, as `replayPaths` takes it. */
export type Reading = Pick<ReplayOptions, 'scope'> & ReadingOptions;

/**
 * Has what the paths and flags name read by `read`, with a progress bar; S3 is opened where they name it.
 * @param read takes the paths that are files and folders.
 * @returns what `read` made of it, and what was read.
 * @throws UsageError for a flag that is wrong.
 */
export async function readingArchive<T>(
  paths: readonly string[],
  flags: ArchiveFlags,
  signal: AbortSignal,
  read: (local: readonly string[], reading: Reading) => Promise<T>,
): Promise<{ readonly result: T; readonly sources: readonly string[] }> {
  const scope = scopeOf(flags);
  const threads = threadsOf(flags.threads);
  const uris = paths.filter(isS3Uri);
  const bar = replayBar(process.stderr, flags.quiet !== true);
  try {
    let stored: StoredFiles | undefined;
    let trails: readonly string[] = [];
    if (uris.length > 0 || flags.trail.length > 0) {
      // The SDK takes a while to load, which those who read files need not wait for.
      const { openS3Archive } = await import('../s3/archive.ts');
      const sources = { uris, trails: flags.trail, profile: flags.profile, scope };
      ({ trails, stored } = await openS3Archive(sources, bar.update, signal));
    }
    const result = await read(
      paths.filter((path) => !isS3Uri(path)),
      {
        scope,
        signal,
        onProgress: bar.update,
        ...(threads === undefined ? {} : { threads }),
        ...(stored === undefined ? {} : { stored }),
      },
    );
    return { result, sources: [...paths, ...trails] };
  } finally {
    bar.stop();
  }
}

function scopeOf(flags: ArchiveFlags): ReplayScope {
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
  for (const name of flags.region) checkRegion(name);
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
