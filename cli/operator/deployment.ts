/** The deployment that an operator works on, and in whose name. */

import { type Stage, stackName } from '../../lib/aws/names.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { StateTableError } from '../../lib/findings/state/error.ts';
import { nameOf } from '../../lib/findings/state/failure.ts';
import { patient, type RetryDelay } from '../aws/retry.ts';
import { openSession } from '../aws/session.ts';
import { tellOfWaiting } from '../aws/waiting.ts';
import { checkRegion } from '../commands/options.ts';
import { checkStage } from '../doctor/account-region.ts';
import { exitCode, UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface DeploymentFlags {
  readonly stage: string;
  readonly region?: string;
  readonly profile?: string;
  readonly format: 'table' | 'json';
}

export interface Deployment {
  readonly stage: Stage;
  readonly account: string;
  readonly region: string;
  /** The caller's ARN; `undefined` where STS does not tell it. */
  readonly caller: string | undefined;
  /** For every client. */
  readonly config: ClientConfig;
}

/**
 * @param region where nothing else is named; the SDK's configured one without it.
 * @param retry delay with AWS.
 * @throws UsageError for what could be no stage or Region, and where there are no credentials; UnansweredError where
 * AWS does not tell whose they are.
 */
export async function openDeployment(
  { stage, region: named, profile }: Omit<DeploymentFlags, 'format'>,
  region?: string,
  longestWait: RetryDelay = patient,
): Promise<Deployment> {
  checkStage(stage);
  tellOfWaiting(process.stderr);
  if (named !== undefined) checkRegion(named);
  const session = await openSession(profile, named ?? region, { longestWait });
  const { account, caller, region: where, credentials } = session;
  return { stage, account, caller, region: where, config: { region: where, credentials, ...longestWait } };
}

/**
 * The caller's ARN, as the audit trail names who decided.
 * @throws UnansweredError where STS does not tell it: nothing is changed in nobody's name.
 */
export function callerOf({ caller }: Deployment): string {
  if (caller !== undefined) return caller;
  throw new UnansweredError(
    "STS does not tell who you are, and nothing is changed in nobody's name: its answer has no ARN",
  );
}

/** For people: `stage dev, account 111122223333, eu-central-1`. */
export function accountRegionText({ stage, account, region }: Deployment): string {
  return `stage ${stage}, account ${account}, ${region}`;
}

/**
 * Runs what needs the state table.
 * @returns what it returns, or the exit code for what can't be read, which is told on stderr.
 * @throws UsageError where there is no state table at all, as nothing is deployed there.
 */
export async function withStateTable(
  { stage, region }: Deployment,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateTableError)) throw error;
    if (nameOf(error.cause) === 'ResourceNotFoundException') {
      throw new UsageError(
        `${stackName(stage)} has no state table in ${region}; \`trailseal doctor --stage ${stage} --region ${region}\` tells what is deployed`,
        { cause: error },
      );
    }
    process.stderr.write(`${printable(error.message)}\n`);
    return exitCode.input;
  }
}
