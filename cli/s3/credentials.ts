/** The credentials for S3 and CloudTrail. */
import { S3Client } from '@aws-sdk/client-s3';
import { reasonOf } from '../../lib/aws/reason.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { isNetworkError } from '../aws/session.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface S3Credentials {
  /** Shared by all clients, so that a role is assumed and a token fetched only once. */
  readonly credentials: NonNullable<ClientConfig['credentials']>;
  /** The configured Region, if any. */
  readonly region: string | undefined;
}

/**
 * Finds credentials as the AWS CLI does. Whether AWS accepts them shows in the first call.
 * @param profile of the shared configuration files; without one, the environment decides.
 * @throws UsageError when there are none, UnansweredError when their provider is not reached; both say what to do.
 */
export async function findCredentials(profile: string | undefined): Promise<S3Credentials> {
  const { config } = new S3Client(profile === undefined ? {} : { profile });
  let region: string | undefined;
  try {
    region = await config.region();
  } catch {
    // There is none. A bucket can be found without; whatever needs a Region reports it.
  }
  try {
    await config.credentials();
  } catch (error) {
    if (isNetworkError(error)) {
      throw new UnansweredError(
        `cannot reach the provider of the AWS credentials: ${printable(reasonOf(error))}; check the network of this machine`,
        { cause: error },
      );
    }
    const using = profile === undefined ? '' : ` of profile ${printable(profile)}`;
    throw new UsageError(
      `there are no AWS credentials${using} to read S3: ${printable(reasonOf(error))}; ` +
        'log in (aws login, aws sso login), set AWS_PROFILE, or name a profile with --profile',
      { cause: error },
    );
  }
  return { credentials: config.credentials, region };
}
