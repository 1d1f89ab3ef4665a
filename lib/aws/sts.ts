/** STS: sessions of other roles. */
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';

/** As IAM names it. */
export const assumePermission = 'sts:AssumeRole';

/**
 * Seconds: the least that STS grants, and as long as a function may run. Source: STS API Reference, "AssumeRole":
 * DurationSeconds.
 */
const sessionLasts = 900;

/** The SDK asks for new credentials five minutes before the old ones expire. */
const renewedBefore = 300_000;

interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/**
 * A provider of credentials for one session of a role, which all clients of that session share: it is begun when the
 * first call is made, and again when its credentials are about to expire.
 * @param sessionName 2 to 64 of `\w+=,.@-`; CloudTrail shows it with every call. Source: STS API Reference, "AssumeRole":
 *   RoleSessionName.
 * @returns a provider that rejects with what the SDK throws where the role may not be assumed.
 * @example new KMSClient({ credentials: roleSession(sts, roleArn, 'a1b2.enable-key', Date.now) })
 */
export function roleSession(
  sts: STSClient,
  roleArn: string,
  sessionName: string,
  now: () => number,
): () => Promise<SessionCredentials> {
  let session: Promise<SessionCredentials> | undefined;
  let expiration = Number.POSITIVE_INFINITY;
  const begin = async () => {
    expiration = Number.POSITIVE_INFINITY;
    try {
      const credentials = await assume(sts, roleArn, sessionName);
      expiration = credentials.expiration.getTime();
      return credentials;
    } catch (error) {
      // The next call tries again.
      session = undefined;
      throw error;
    }
  };
  return () => {
    if (session === undefined || expiration - now() <= renewedBefore) session = begin();
    return session;
  };
}

async function assume(sts: STSClient, roleArn: string, sessionName: string): Promise<SessionCredentials> {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: sessionLasts }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new TypeError(`STS answered without credentials for ${roleArn}`);
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}
