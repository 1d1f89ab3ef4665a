/** In whose name AWS is asked: the caller's credentials, account and Regions. */
import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { isDenial, reasonOf } from '../lib/aws/reason.ts';
import { type ClientConfig, settings } from '../lib/aws/settings.ts';
import { text } from '../lib/json.ts';
import { UsageError } from './exit.ts';
import { printable } from './output/printable.ts';

export interface Session {
  /** 12 digits. */
  readonly account: string;
  /** The Region that was named, else the one that the SDK is configured for. */
  readonly region: string;
  /** For every client, so that a role is assumed and a token asked for but once. */
  readonly credentials: NonNullable<ClientConfig['credentials']>;
}

/**
 * Finds the credentials as the AWS CLI does, and whose they are (STS GetCallerIdentity, which needs no permission).
 * @param profile of the shared configuration files; the environment decides where it is left out.
 * @param region the one to ask in; the SDK's configured one where it is left out.
 * @param otherwise the one to ask in where none is configured either.
 * @throws UsageError when there is no Region or no account to be had, with what to do about it.
 */
export async function openSession(
  profile: string | undefined,
  region: string | undefined,
  otherwise?: string,
): Promise<Session> {
  const ofProfile = profile === undefined ? {} : { profile };
  const where = region ?? (await configuredRegion(ofProfile, otherwise));
  const sts = new STSClient({ ...settings({ region: where }), ...ofProfile });
  let account: string | undefined;
  try {
    ({ Account: account } = await sts.send(new GetCallerIdentityCommand({})));
  } catch (error) {
    if (isOfTheNetwork(error)) {
      throw new UsageError(
        `AWS is not reached in ${where}: ${printable(reasonOf(error))}; ` +
          'see whether there is such a Region, and whether this machine reaches it',
        { cause: error },
      );
    }
    const using = profile === undefined ? '' : ` of profile ${printable(profile)}`;
    throw new UsageError(
      `AWS does not accept the credentials${using}, or there are none: ${printable(reasonOf(error))}; ` +
        'log in (aws login, aws sso login), set AWS_PROFILE, or name a profile with --profile',
      { cause: error },
    );
  }
  if (account === undefined || !/^\d{12}$/.test(account)) {
    throw new UsageError(`STS does not tell the account of these credentials in ${where}`);
  }
  return { account, region: where, credentials: sts.config.credentials };
}

/** Whether Node says that nobody answered (`ENOTFOUND`, `ECONNREFUSED`, …), or the SDK that it took too long. */
function isOfTheNetwork(error: unknown): boolean {
  return /^E[A-Z_]+$/.test(text(error, 'code') ?? '') || isTimeout(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
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
 * @throws UsageError when AWS does not tell them.
 */
export async function enabledRegions(ec2: EC2Client): Promise<readonly string[]> {
  try {
    const { Regions: regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: false }));
    return regions.flatMap(({ RegionName }) => RegionName ?? []).sort();
  } catch (error) {
    throw new UsageError(
      `${regionsPermission} ${isDenial(error) ? 'was denied' : 'failed'}: ${printable(reasonOf(error))}; ` +
        'allow it, or name the Regions with --region',
      { cause: error },
    );
  }
}
