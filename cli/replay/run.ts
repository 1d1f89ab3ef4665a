/** `trailseal replay [PATH…] [--trail …]`: an archive through the controls. */
import type { Command } from 'commander';
import { replay } from '../../lib/pipeline/replay/replay.ts';
import { controls } from '../../lib/services/controls.ts';
import {
  checkOut,
  chooseControls,
  type EvaluatingFlags,
  withEvaluatingOptions,
} from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { readPolicy } from '../policy/file.ts';
import { version } from '../version.ts';
import { type ArchiveFlags, readingArchive, withArchiveOptions } from './archive.ts';
import { conclude } from './conclude.ts';

export interface ReplayFlags extends EvaluatingFlags, ArchiveFlags {}

/** The options of a replay, for every command that makes one. */
export function withReplayOptions(command: Command): Command {
  return withArchiveOptions(withEvaluatingOptions(command));
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
  checkOut(flags.out);
  const now = new Date();
  const { result, sources } = await readingArchive(paths, flags, signal, (local, reading) =>
    replayPaths(local, { ...reading, controls: chosen, policy, now }),
  );
  const generatedAt = now.toISOString();
  return conclude(
    result,
    { command: 'replay', version, generatedAt, sources, policy: name },
    chosen,
    flags,
    signal,
  );
}
