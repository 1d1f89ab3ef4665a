/** The deployment that an operator's command works on, and who runs the command. */
import { type Stage, stackName } from '../../lib/aws/names.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { nameOf, StateTableError } from '../../lib/findings/state/error.ts';
import { knownRegions } from '../aws/regions.ts';
import { isNetworkError, openSession, patient, type RetryLimits } from '../aws/session.ts';
import { announceWaiting } from '../aws/waiting.ts';
import { checkRegion, checkStage, type DeploymentFlags, didYouMean } from '../commands/options.ts';
import { exitCode, UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { stageError } from './stages.ts';

export interface DeploymentSession {
  readonly stage: Stage;
  readonly account: string;
  readonly region: string;
  /** The caller's ARN; `undefined` where STS does not return it. */
  readonly caller: string | undefined;
  /** For every client. */
  readonly config: ClientConfig;
}

/**
 * @param region used where `--region` is left out; the SDK's configured one without it.
 * @throws UsageError for an invalid stage or Region, and where there are no credentials; UnansweredError where AWS does
 * not answer.
 */
export async function openDeployment(
  { stage, region: named, profile }: Omit<DeploymentFlags, 'format'>,
  region?: string,
  limits: RetryLimits = patient,
): Promise<DeploymentSession> {
  checkStage(stage);
  announceWaiting(process.stderr);
  if (named !== undefined) checkRegion(named);
  const session = await openSession(profile, named ?? region, { limits }).catch(throwUnknownRegion(named));
  const { account, caller, credentials } = session;
  const config = { region: session.region, credentials, ...limits };
  return { stage, account, caller, region: session.region, config };
}

/** A Region that there is not has no hosts: what failed is the command line, not AWS. */
function throwUnknownRegion(region: string | undefined) {
  return (error: unknown): never => {
    if (region === undefined || knownRegions.includes(region) || !isUnreachable(error)) throw error;
    throw new UsageError(
      `there is no Region ${printable(region)} that can be reached${didYouMean(region, knownRegions)}`,
      { cause: error },
    );
  };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UnansweredError && isNetworkError(error.cause);
}

/**
 * The caller's ARN, as the audit trail names the actor.
 * @throws UnansweredError where STS does not return it: nothing is changed without an actor.
 */
export function callerOf({ caller }: DeploymentSession): string {
  if (caller !== undefined) return caller;
  throw new UnansweredError(
    'STS did not return your ARN, and nothing is changed without an actor for the audit trail',
  );
}

/** For people: `stage dev, account 111122223333, eu-central-1`. */
export function deploymentText({ stage, account, region }: DeploymentSession): string {
  return `stage ${stage}, account ${account}, ${region}`;
}

/** For programs: the members that begin every JSON object about a deployment. */
export function deploymentJson({ stage, account, region }: DeploymentSession) {
  return { stage, account, region };
}

/**
 * Runs what needs the state table.
 * @returns the exit code of `run`; where the table cannot be read, the reason is on stderr.
 * @throws UsageError where there is no state table, as nothing is deployed there.
 */
export async function withStateTable(
  deployment: DeploymentSession,
  run: () => Promise<number>,
): Promise<number> {
  const { stage, region, config } = deployment;
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateTableError)) throw error;
    if (nameOf(error.cause) === 'ResourceNotFoundException') {
      const lacking = `${stackName(stage)} has no state table in ${region}`;
      throw await stageError(sqsClient(config), deployment, lacking, error);
    }
    process.stderr.write(`${printable(error.message)}\n`);
    return exitCode.incomplete;
  }
}
