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
import { knownRegions } from '../aws/regions.ts';
import { enabledRegions, openSession, patient } from '../aws/session.ts';
import { checkOut, checkRegion, didYouMean } from '../commands/options.ts';
import type { ScanFlags } from '../commands/scan.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { readAccountNames } from '../output/account-names.ts';
import { scanBar } from '../output/progress.ts';
import { version } from '../output/replay-json.ts';
import { readPolicy } from '../policy/file.ts';
import { conclude } from '../replay/conclude.ts';
import { chooseControls, disabledErrors } from '../replay/scope.ts';

/**
 * Scans the caller's account, and prints and writes the results.
 * @returns the exit code.
 */
export async function runScan(flags: ScanFlags, signal: AbortSignal): Promise<number> {
  const { chosen, errors } = chooseControls(flags, controls);
  const { policy, name } = readPolicy(flags.policy, controls);
  checkOut(flags.out);
  const accountNames = readAccountNames(flags.accountNames);
  const named = namedRegions(flags.region);
  const known = named === 'all' ? [] : named.filter((name) => knownRegions.includes(name));
  const { account, region, credentials } = await openSession(flags.profile, known[0], {
    // Any Region can list the enabled ones; us-east-1 cannot be disabled. Other partitions need a configured Region.
    fallbackRegion: named === 'all' || known.length < named.length ? 'us-east-1' : undefined,
  });
  const { regions, errors: missing } = await regionsToScan(named, region, () =>
    enabledRegions(makeClients({ region, credentials, ...patient }).ec2),
  );
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
  const unmet = [...errors, ...disabledErrors(flags.control, [policy]), ...missing];
  const origin = {
    command: 'scan',
    version,
    generatedAt,
    sources,
    policy: name,
    accountNames,
    scopeErrors: unmet.length > 0 || result.matched > 0 ? unmet : [nothingEvaluated],
  } as const;
  return conclude(result, origin, chosen, flags, signal);
}

const nothingEvaluated =
  'nothing was evaluated: there is no resource of any control here, or none could be listed';

/**
 * The Regions that are scanned, and one sentence for each that is named and does not exist.
 * @param named those of `--region`; none means the configured one.
 * @param configured the session's Region.
 * @param enabled asks AWS, which knows newer Regions than this version. Without its answer, what is not known does not exist:
 *   a call to its host would only fail slowly.
 */
export async function regionsToScan(
  named: readonly string[] | 'all',
  configured: string,
  enabled: () => Promise<readonly string[]>,
): Promise<{ readonly regions: readonly string[]; readonly errors: readonly string[] }> {
  if (named === 'all') return { regions: await enabled(), errors: [] };
  if (named.length === 0) return { regions: [configured], errors: [] };
  if (named.every((name) => knownRegions.includes(name))) return { regions: named, errors: [] };
  let there = knownRegions;
  try {
    there = [...knownRegions, ...(await enabled())];
  } catch (error) {
    if (!(error instanceof UnansweredError)) throw error;
  }
  return {
    regions: named.filter((name) => there.includes(name)),
    errors: named
      .filter((name) => !there.includes(name))
      .map((name) => `--region ${name}: there is no such Region${didYouMean(name, there)}`),
  };
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
