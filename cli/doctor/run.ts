/** `trailseal doctor`: is an account and Region ready, and what is to be done where it is not. */
import { controls } from '../../lib/services/controls.ts';
import { tellOfWaiting } from '../aws/waiting.ts';
import { exitCode } from '../exit.ts';
import { printableJson } from '../output/printable.ts';
import { readPolicy } from '../policy/file.ts';
import { checkStage, regionsOf } from './account-region.ts';
import { assess } from './assess.ts';
import { type Check, withProfile } from './check.ts';
import { accountClients } from './clients.ts';
import { observe } from './observe.ts';
import { checksJson, checksText } from './text.ts';

export interface DoctorFlags {
  readonly region: readonly string[];
  readonly stage: string;
  readonly profile?: string;
  readonly policy?: string;
  readonly format: 'table' | 'json';
}

/**
 * Looks and tells; nothing is changed.
 * @returns the exit code: 1 where something failed, else 3 where something could not be looked at.
 */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  const { stage, profile } = flags;
  checkStage(stage);
  const { policy } = readPolicy(flags.policy, controls);
  const regions = await regionsOf(flags.region, profile);
  const enabled = controls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
  const [first = ''] = regions;
  tellOfWaiting(process.stderr);
  const observed = await observe(accountClients(first, profile), {
    stage,
    regions,
    policy,
    controls: enabled,
  });
  const checks = withProfile(assess(observed), profile);
  if (flags.format === 'json') {
    process.stdout.write(`${printableJson(checksJson(checks, stage), 2)}\n`);
  } else {
    const colour = process.stdout.hasColors?.() === true && (process.env['NO_COLOR'] ?? '') === '';
    const width = process.stdout.columns ?? 140;
    process.stdout.write(checksText(checks, stage, { colour, width }));
  }
  return codeOf(checks);
}

function codeOf(checks: readonly Check[]): number {
  if (checks.some(({ status }) => status === 'fail')) return exitCode.failOn;
  return checks.some(({ status }) => status === 'unknown') ? exitCode.input : exitCode.fine;
}
