/** The deployment that an operator's command works on, and who runs the command. */
import { type Stage, stackName } from '../../lib/aws/names.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { nameOf, StateTableError } from '../../lib/findings/state/error.ts';
import { openSession, patient, type RetryLimits } from '../aws/session.ts';
import { announceWaiting } from '../aws/waiting.ts';
import { checkRegion, checkStage, type DeploymentFlags } from '../commands/options.ts';
import { exitCode, UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

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
  const session = await openSession(profile, named ?? region, { limits });
  const { account, caller, credentials } = session;
  const config = { region: session.region, credentials, ...limits };
  return { stage, account, caller, region: session.region, config };
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

/** The command that shows what is deployed, to be pasted. */
export function doctorCommand({ stage, region }: Pick<DeploymentSession, 'stage' | 'region'>): string {
  return `trailseal doctor --stage ${stage} --region ${region}`;
}

/**
 * Runs what needs the state table.
 * @returns the exit code of `run`; where the table cannot be read, the reason is on stderr.
 * @throws UsageError where there is no state table, as nothing is deployed there.
 */
export async function withStateTable(
  { stage, region }: DeploymentSession,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateTableError)) throw error;
    if (nameOf(error.cause) === 'ResourceNotFoundException') {
      throw new UsageError(
        `${stackName(stage)} has no state table in ${region}; see what is deployed: ${doctorCommand({ stage, region })}`,
        { cause: error },
      );
    }
    process.stderr.write(`${printable(error.message)}\n`);
    return exitCode.incomplete;
  }
}
