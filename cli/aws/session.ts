/** In whose name AWS is asked: the caller's credentials, account and Regions. */
import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  GetCallerIdentityCommand,
  type GetCallerIdentityCommandOutput,
  STSClient,
} from '@aws-sdk/client-sts';
import { isDenial, reasonOf } from '../../lib/aws/reason.ts';
import { type ClientConfig, settings } from '../../lib/aws/settings.ts';
import { text } from '../../lib/core/json.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { patient, type RetryDelay } from './retry.ts';

export interface Session {
  /** 12 digits. */
  readonly account: string;
  /** Its ARN, where STS tells it. */
  readonly caller: string | undefined;
  /** The Region that was named, else the one that the SDK is configured for. */
  readonly region: string;
  /** For every client, so that a role is assumed and a token asked for but once. */
  readonly credentials: NonNullable<ClientConfig['credentials']>;
}

export interface SessionOptions {
  /** The Region to ask in where none is configured. */
  readonly otherwise?: string | undefined;
  readonly longestWait?: RetryDelay;
}

/**
 * Finds the credentials as the AWS CLI does, and whose they are (STS GetCallerIdentity, which needs no permission).
 * @param profile of the shared configuration files; the environment decides where it is left out.
 * @param region the one to ask in; the SDK's configured one where it is left out.
 * @throws UsageError when there are no Region and no credentials to be had, UnansweredError when AWS does not tell whose
 * they are; with what to do about it.
 */
export async function openSession(
  profile: string | undefined,
  region: string | undefined,
  { otherwise, longestWait = patient }: SessionOptions = {},
): Promise<Session> {
  const ofProfile = profile === undefined ? {} : { profile };
  const where = region ?? (await configuredRegion(ofProfile, otherwise));
  const sts = new STSClient({ ...settings({ region: where, ...longestWait }), ...ofProfile });
  let identity: GetCallerIdentityCommandOutput;
  try {
    identity = await sts.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    throw refusal(error, profile, where, longestWait);
  }
  const { Account: account, Arn: caller } = identity;
  if (account === undefined || !/^\d{12}$/.test(account)) {
    throw new UnansweredError(`STS does not tell the account of these credentials in ${where}`);
  }
  return { account, caller, region: where, credentials: sts.config.credentials };
}

/** Why STS did not tell: only what is said of credentials is blamed on them. */
function refusal(
  error: unknown,
  profile: string | undefined,
  where: string,
  { maxAttempts, requestTimeout }: RetryDelay,
): Error {
  const reason = isTimeout(error)
    ? `it was asked ${maxAttempts} times, and did not answer within ${requestTimeout / 1_000} seconds`
    : printable(reasonOf(error));
  if (isOfTheNetwork(error)) {
    return new UnansweredError(
      `AWS is not reached in ${where}: ${reason}; ` +
        'see whether there is such a Region, and whether this machine reaches it',
      { cause: error },
    );
  }
  if (!isRefusalOfCaller(error)) {
    return new UnansweredError(
      `AWS does not tell whose credentials these are in ${where}: ${reason}; ` +
        'see whether it is AWS that answers: a proxy may, or what AWS_ENDPOINT_URL names',
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

/** Whether Node says that nobody answered (`ENOTFOUND`, `ECONNREFUSED`, …), or the SDK that it took too long. */
export function isOfTheNetwork(error: unknown): boolean {
  return /^E[A-Z_]+$/.test(text(error, 'code') ?? '') || isTimeout(error);
}

function isTimeout(error: unknown): boolean {
  return text(error, 'name') === 'TimeoutError';
}

async function configuredRegion(
  ofProfile: { readonly profile?: string },
  otherwise: string | undefined,
): Promise<string> {
  try {
    return await new STSClient(ofProfile).config.region();
  } catch (error) {
    if (otherwise !== undefined) return otherwise;
    throw new UsageError('no Region is configured: name one with --region, or set AWS_REGION', {
      cause: error,
    });
  }
}

/** The IAM action that `enabledRegions` needs. */
export const regionsPermission = 'ec2:DescribeRegions';

/**
 * All Regions that are enabled in the account, in alphabetical order.
 * @throws UnansweredError when AWS does not tell them.
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
