/** Reads an archive for a command that replays it: local paths, S3, or the bucket of a trail. */
import type { ReadingOptions, ReplayOptions, ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import type { StoredFiles } from '../../lib/trail/archive.ts';
import { type ArchiveFlags, checkRegion, wholeNumber } from '../commands/options.ts';
import { timeOf } from '../commands/time.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { replayBar } from '../output/progress.ts';
import { isS3Uri } from '../s3/location.ts';

/** Which part of an archive is read, and how, as `replayPaths` takes it. */
export type ArchiveReading = Pick<ReplayOptions, 'scope'> & ReadingOptions;

/**
 * Opens what the paths and options name, and runs `read` on it with a progress bar.
 * @param read takes the paths that are files and folders.
 * @returns the result of `read`, the sources that were read, and the scope.
 * @throws UsageError for an invalid option.
 */
export async function readingArchive<T>(
  paths: readonly string[],
  flags: ArchiveFlags,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
  read: (local: readonly string[], reading: ArchiveReading) => Promise<T>,
): Promise<{ readonly result: T; readonly sources: readonly string[]; readonly scope: ReplayScope }> {
  const scope = scopeOf(flags, now);
  const threads = flags.threads === undefined ? undefined : wholeNumber(flags.threads, 64, '--threads');
  const uris = paths.filter(isS3Uri);
  const bar = replayBar(process.stderr, flags.quiet !== true);
  try {
    let stored: StoredFiles | undefined;
    let trails: readonly string[] = [];
    if (uris.length > 0 || flags.trail.length > 0) {
      // Only here, as the AWS SDK takes a while to load.
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
    return { result, sources: [...paths, ...trails], scope };
  } finally {
    bar.stop();
  }
}

function scopeOf(flags: ArchiveFlags, now: Date): ReplayScope {
  const since = flags.since === undefined ? undefined : timeOf(flags.since, now, '--since');
  const day = /^\d{4}-\d{2}-\d{2}$/.test(flags.until ?? '') ? 86_400_000 : 0;
  const until = flags.until === undefined ? undefined : timeOf(flags.until, now, '--until') + day;
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
