/** The caller's AWS session: credentials, account and Regions, and how long commands wait for AWS. */
import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  GetCallerIdentityCommand,
  type GetCallerIdentityCommandOutput,
  STSClient,
} from '@aws-sdk/client-sts';
import { isDenial, isRefusalOfCaller, reasonOf } from '../../lib/aws/reason.ts';
import { type ClientConfig, settings } from '../../lib/aws/settings.ts';
import { text } from '../../lib/core/json.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

/** How often a call is tried, and for how long: a person waits for the command. */
export type RetryLimits = Required<Pick<ClientConfig, 'maxAttempts' | 'requestTimeout'>>;

/** A call ends within about 16 seconds, pauses between tries included, so that brief throttling passes. */
export const patient: RetryLimits = { maxAttempts: 3, requestTimeout: 5_000 };

/** A call ends within about 8 seconds: for commands whose failure must be known soon, such as the kill switch. */
export const urgent: RetryLimits = { maxAttempts: 2, requestTimeout: 4_000 };

export interface Session {
  /** 12 digits. */
  readonly account: string;
  /** The caller's ARN; `undefined` where STS does not return it. */
  readonly caller: string | undefined;
  /** The Region that was named, else the one that the SDK is configured for. */
  readonly region: string;
  /** Shared by all clients, so that a role is assumed and a token fetched only once. */
  readonly credentials: NonNullable<ClientConfig['credentials']>;
}

export interface SessionOptions {
  /** The Region to use where none is configured. */
  readonly fallbackRegion?: string | undefined;
  readonly limits?: RetryLimits;
}

/**
 * Finds the credentials as the AWS CLI does, and the account that they belong to (STS GetCallerIdentity, which needs no
 * permission).
 * @param profile of the shared configuration files; without one, the environment decides.
 * @param region the one to call; without one, the SDK's configured one.
 * @throws UsageError when there is no Region or there are no credentials, UnansweredError when AWS does not answer; both
 * say what to do.
 */
export async function openSession(
  profile: string | undefined,
  region: string | undefined,
  { fallbackRegion, limits = patient }: SessionOptions = {},
): Promise<Session> {
  const ofProfile = profile === undefined ? {} : { profile };
  const asked = region ?? (await configuredRegion(profile, fallbackRegion));
  const sts = new STSClient({ ...settings({ region: asked, ...limits }), ...ofProfile });
  let identity: GetCallerIdentityCommandOutput;
  try {
    identity = await sts.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    throw identityError(error, profile, asked, limits);
  }
  const { Account: account, Arn: caller } = identity;
  if (account === undefined || !/^\d{12}$/.test(account)) {
    throw new UnansweredError(`STS in ${asked} did not return the account of these credentials`);
  }
  return { account, caller, region: asked, credentials: sts.config.credentials };
}

/** Only errors that concern credentials are blamed on the credentials. */
function identityError(
  error: unknown,
  profile: string | undefined,
  region: string,
  { maxAttempts, requestTimeout }: RetryLimits,
): Error {
  const reason = isTimeout(error)
    ? `no answer within ${requestTimeout / 1_000} seconds, in ${maxAttempts} attempts`
    : printable(reasonOf(error));
  if (isNetworkError(error)) {
    return new UnansweredError(
      `cannot reach AWS in ${region}: ${reason}; check that the Region exists and that this machine can reach it`,
      { cause: error },
    );
  }
  if (!isRefusalOfCaller(error)) {
    return new UnansweredError(
      `cannot tell whose credentials these are: STS in ${region} failed: ${reason}; ` +
        'check that AWS itself answered, not a proxy or the host in AWS_ENDPOINT_URL',
      { cause: error },
    );
  }
  const using = profile === undefined ? '' : ` of profile ${printable(profile)}`;
  return new UsageError(
    `AWS does not accept the credentials${using}, or there are none: ${reason}; ` +
      'log in (aws login, aws sso login), set AWS_PROFILE, or name a profile with --profile',
    { cause: error },
  );
}

/** Whether Node could not connect (`ENOTFOUND`, `ECONNREFUSED`, …) or the SDK timed out. */
export function isNetworkError(error: unknown): boolean {
  return /^E[A-Z_]+$/.test(text(error, 'code') ?? '') || isTimeout(error);
}

function isTimeout(error: unknown): boolean {
  return text(error, 'name') === 'TimeoutError';
}

/**
 * The Region of the environment or the profile.
 * @throws UsageError where there is none, and no `fallback`.
 */
export async function configuredRegion(profile: string | undefined, fallback?: string): Promise<string> {
  try {
    return await new STSClient(profile === undefined ? {} : { profile }).config.region();
  } catch (error) {
    if (fallback !== undefined) return fallback;
    throw new UsageError('no Region is configured: name one with --region, or set AWS_REGION', {
      cause: error,
    });
  }
}

/** The IAM action that `enabledRegions` needs. */
export const regionsPermission = 'ec2:DescribeRegions';

/**
 * All Regions that are enabled in the account, in alphabetical order.
 * @throws UnansweredError when AWS does not answer.
 */
export async function enabledRegions(ec2: EC2Client): Promise<readonly string[]> {
  try {
    const { Regions: regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: false }));
    return regions.flatMap(({ RegionName }) => RegionName ?? []).sort();
  } catch (error) {
    throw new UnansweredError(
      `${regionsPermission} ${isDenial(error) ? 'was denied' : 'failed'}: ${printable(reasonOf(error))}; ` +
        'allow it, or name the Regions with --region',
      { cause: error },
    );
  }
}
