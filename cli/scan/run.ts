/** Runs `trailseal scan`. */
import { setTimeout } from 'node:timers/promises';
import { clientsByAccountRegion } from '../../lib/aws/clients.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { scan } from '../../lib/pipeline/scan/scan.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { readers, related } from '../../lib/services/readers.ts';
import { enabledRegions, openSession, patient } from '../aws/session.ts';
import { checkOut, checkRegion, chooseControls } from '../commands/options.ts';
import type { ScanFlags } from '../commands/scan.ts';
import { UsageError } from '../exit.ts';
import { scanBar } from '../output/progress.ts';
import { version } from '../output/replay-json.ts';
import { readPolicy } from '../policy/file.ts';
import { conclude } from '../replay/conclude.ts';

/**
 * Scans the caller's account, and prints and writes the results.
 * @returns the exit code.
 */
export async function runScan(flags: ScanFlags, signal: AbortSignal): Promise<number> {
  const chosen = chooseControls(flags.control, controls);
  const { policy, name } = readPolicy(flags.policy, controls);
  checkOut(flags.out);
  const named = namedRegions(flags.region);
  const { account, region, credentials } = await openSession(
    flags.profile,
    named === 'all' ? undefined : named[0],
    // Any Region can list the enabled ones; us-east-1 cannot be disabled. Other partitions need a configured Region.
    { fallbackRegion: named === 'all' ? 'us-east-1' : undefined },
  );
  const regions =
    named === 'all'
      ? await enabledRegions(makeClients({ region, credentials, ...patient }).ec2)
      : named.length > 0
        ? named
        : [region];
  const clients = clientsByAccountRegion(makeClients, (where) => ({ region: where.region, credentials }));
  const now = () => new Date();
  const wait = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal });
  const bar = scanBar(process.stderr, flags.quiet !== true);
  let result: Replay;
  try {
    result = await scan({
      controls: chosen,
      policy,
      account,
      regions,
      listerOf,
      clients,
      facts: new AwsFacts({ readers, related, clients, now, wait }),
      now,
      onProgress: bar.update,
      signal,
    });
  } finally {
    bar.stop();
  }
  const sources = regions.map((where) => `${account}/${where}`);
  const generatedAt = now().toISOString();
  const origin = { command: 'scan', version, generatedAt, sources, policy: name } as const;
  return conclude(result, origin, chosen, flags, signal);
}

/** @throws UsageError for an invalid Region, and for Regions beside `all`. */
function namedRegions(values: readonly string[]): readonly string[] | 'all' {
  const names = [...new Set(values.flatMap((value) => value.split(',')))];
  if (names.includes('all')) {
    if (names.length === 1) return 'all';
    throw new UsageError('--region all cannot be combined with other Regions: it means every enabled Region');
  }
  for (const name of names) checkRegion(name);
  return names;
}
