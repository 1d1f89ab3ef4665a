/** In whose name S3 and CloudTrail are asked. */
import { S3Client } from '@aws-sdk/client-s3';
import { reasonOf } from '../../lib/aws/reason.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { isOfTheNetwork } from '../aws/session.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface Found {
  /** For every client, so that a role is assumed and a token asked for but once. */
  readonly credentials: NonNullable<ClientConfig['credentials']>;
  /** The one that the SDK is configured for, if it is. */
  readonly region: string | undefined;
}

/**
 * Finds credentials as the AWS CLI does. Whether AWS accepts them is seen when it is asked.
 * @param profile of the shared configuration files; the environment decides where it is left out.
 * @throws UsageError when there are none, UnansweredError when what gives them is not reached; with what to do about it.
 */
export async function findCredentials(profile: string | undefined): Promise<Found> {
  const { config } = new S3Client(profile === undefined ? {} : { profile });
  let region: string | undefined;
  try {
    region = await config.region();
  } catch {
    // There is none, which those who need one say: a bucket is found from anywhere.
  }
  try {
    await config.credentials();
  } catch (error) {
    if (isOfTheNetwork(error)) {
      throw new UnansweredError(
        `what gives the AWS credentials is not reached: ${printable(reasonOf(error))}; see whether this machine reaches it`,
        { cause: error },
      );
    }
    const using = profile === undefined ? '' : ` of profile ${printable(profile)}`;
    throw new UsageError(
      `there are no AWS credentials${using} to read S3 with: ${printable(reasonOf(error))}; ` +
        'log in (aws login, aws sso login), set AWS_PROFILE, or name a profile with --profile',
      { cause: error },
    );
  }
  return { credentials: config.credentials, region };
}
