/** `trailseal scan`: what exists now in the caller's account, through the controls. */
import { setTimeout } from 'node:timers/promises';
import { clientsByAccountRegion } from '../../lib/aws/clients.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import type { Replay } from '../../lib/pipeline/replay/replay.ts';
import { scan } from '../../lib/pipeline/scan/scan.ts';
import { controls } from '../../lib/services/controls.ts';
import { listers } from '../../lib/services/listers.ts';
import { readers } from '../../lib/services/readers.ts';
import { patient } from '../aws/retry.ts';
import { enabledRegions, openSession } from '../aws/session.ts';
import { checkOut, checkRegion, chooseControls, type EvaluatingFlags } from '../commands/options.ts';
import { UsageError } from '../exit.ts';
import { scanBar } from '../output/progress.ts';
import { readPolicy } from '../policy/file.ts';
import { conclude } from '../replay/conclude.ts';
import { version } from '../version.ts';

export interface ScanFlags extends EvaluatingFlags {
  readonly region: readonly string[];
  readonly profile?: string;
}

/**
 * Scans the caller's account, prints and writes what came of it.
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
    // Any Region tells which there are; this one nobody can switch off, where there is no other partition's configured.
    { otherwise: named === 'all' ? 'us-east-1' : undefined },
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
  return conclude(
    result,
    { command: 'scan', version, generatedAt, sources, policy: name },
    chosen,
    flags,
    signal,
  );
}

/** @throws UsageError for what could be no Region, and for others beside `all`. */
function namedRegions(values: readonly string[]): readonly string[] | 'all' {
  const names = [...new Set(values.flatMap((value) => value.split(',')))];
  if (names.includes('all')) {
    if (names.length === 1) return 'all';
    throw new UsageError('--region all stands alone: it means every Region that is enabled');
  }
  for (const name of names) checkRegion(name);
  return names;
}
