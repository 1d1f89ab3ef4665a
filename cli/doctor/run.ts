/** Runs `trailseal doctor`. */
import { controls } from '../../lib/services/catalogue.ts';
import { configuredRegion } from '../aws/session.ts';
import { announceWaiting } from '../aws/waiting.ts';
import type { DoctorFlags } from '../commands/doctor.ts';
import { checkRegion, checkStage } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { printableJson } from '../output/printable.ts';
import { stdoutOptions } from '../output/table.ts';
import { readPolicy } from '../policy/file.ts';
import { assess } from './assess.ts';
import { type DoctorCheck, withProfile } from './check.ts';
import { accountClients } from './clients.ts';
import { observe } from './observe.ts';
import { checksJson, checksText } from './text.ts';

/**
 * Makes the checks and prints them; changes nothing.
 * @returns the exit code: 1 where a check failed, else 3 where one could not be made.
 */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  const { stage, profile } = flags;
  checkStage(stage);
  const { policy } = readPolicy(flags.policy, controls);
  const regions = await regionsOf(flags.region, profile);
  const enabled = controls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
  const [first = ''] = regions;
  announceWaiting(process.stderr);
  const observed = await observe(accountClients(first, profile), {
    stage,
    regions,
    policy,
    controls: enabled,
  });
  const checks = withProfile(assess(observed), profile);
  process.stdout.write(
    flags.format === 'json'
      ? `${printableJson(checksJson(checks, stage), 2)}\n`
      : checksText(checks, stage, stdoutOptions()),
  );
  return codeOf(checks);
}

/** The Regions named, each once; without any, the configured one. */
async function regionsOf(named: readonly string[], profile: string | undefined): Promise<readonly string[]> {
  const regions = [...new Set(named.flatMap((value) => value.split(',')))];
  for (const name of regions) checkRegion(name);
  return regions.length > 0 ? regions : [await configuredRegion(profile)];
}

function codeOf(checks: readonly DoctorCheck[]): number {
  if (checks.some(({ status }) => status === 'fail')) return exitCode.failure;
  return checks.some(({ status }) => status === 'unknown') ? exitCode.incomplete : exitCode.success;
}
