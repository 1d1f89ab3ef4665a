/** `trailseal replay [PATH…] [--trail …]`, and `npm start`. */
import path from 'node:path';
import type { Command } from 'commander';
import {
  type ArchiveFlags,
  type CommandContext,
  type EvaluatingFlags,
  withArchiveOptions,
  withEvaluatingOptions,
  withHelpNotes,
} from './options.ts';

export interface ReplayFlags extends EvaluatingFlags, ArchiveFlags {}

/** @param sampleArchive the folder that `npm start` replays. */
export function addReplay(program: Command, { signal, end }: CommandContext, sampleArchive: string): void {
  const run = async (paths: readonly string[], flags: ReplayFlags) => {
    const { runReplay } = await import('../replay/run.ts');
    end(await runReplay(paths, flags, signal));
  };
  const replay = program
    .command('replay')
    .description(
      'Evaluate a CloudTrail archive: which findings are open, who caused them, and what the policy would have done.',
    )
    .argument(
      '[path...]',
      'files or folders (CloudTrail log files, JSON lines, single events), or s3://BUCKET[/PREFIX]',
    );
  withHelpNotes(withArchiveOptions(withEvaluatingOptions(replay)), {
    examples: [
      'trailseal replay logs/',
      'trailseal replay --since 1w --fail-on HIGH s3://my-trail-bucket',
      'trailseal replay --write sarif=findings.sarif --write junit=tests.xml logs/',
      'trailseal replay --control ec2-transit-encryption --format csv logs/',
    ],
    notes: [
      'In S3, only the folders of the days, accounts and Regions in question (and one more day) are listed and read. ' +
        'Facts from before --since are therefore not known; in a local folder they are.',
    ],
    exitCodes: {
      0: 'success',
      1: '--fail-on was reached',
      2: 'wrong usage, invalid policy, or no credentials; nothing was evaluated or written',
      3: 'nothing was evaluated, what was named is not there, or some input could not be read; the rest was evaluated',
    },
    permissions:
      'For s3://…: s3:ListBucket, s3:GetObject, and kms:Decrypt if the trail encrypts its files. For --trail: cloudtrail:DescribeTrails.',
  }).action(run);

  const start = program
    .command('start', { hidden: true })
    .description('Replay the sample archive, or the paths given.')
    .argument('[path...]');
  withArchiveOptions(withEvaluatingOptions(start)).action(
    async (paths: readonly string[], flags: ReplayFlags) => {
      const sample = path.relative(process.cwd(), sampleArchive) || sampleArchive;
      await run(paths.length > 0 || flags.trail.length > 0 ? paths : [sample], flags);
    },
  );
}
