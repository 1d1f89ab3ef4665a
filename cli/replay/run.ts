/** Runs `trailseal replay`. */
import { replayPaths } from '../../lib/pipeline/replay/replay.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { checkOut } from '../commands/options.ts';
import type { ReplayFlags } from '../commands/replay.ts';
import { UsageError } from '../exit.ts';
import { readAccountNames } from '../output/account-names.ts';
import { version } from '../output/replay-json.ts';
import { readPolicy } from '../policy/file.ts';
import { readingArchive } from './archive.ts';
import { conclude } from './conclude.ts';
import { chooseControls, disabledErrors, scopeErrors } from './scope.ts';

/**
 * Replays `paths` and the trails' buckets, and prints and writes the results.
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
  const { chosen, errors } = chooseControls(flags, controls);
  const { policy, name } = readPolicy(flags.policy, controls);
  checkOut(flags.out);
  const accountNames = readAccountNames(flags.accountNames);
  const now = new Date();
  const { result, sources, scope } = await readingArchive(paths, flags, { now, signal }, (local, reading) =>
    replayPaths(local, { ...reading, controls: chosen, policy, now }),
  );
  const named = [...errors, ...disabledErrors(flags.control, [policy])];
  const origin = {
    command: 'replay',
    version,
    generatedAt: now.toISOString(),
    sources,
    policy: name,
    accountNames,
    scopeErrors: scopeErrors(named, scope, [result]),
  } as const;
  return conclude(result, origin, chosen, flags, signal);
}
