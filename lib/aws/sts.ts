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

/** A session of a role. */
export interface RoleSession {
  readonly name: string;
  /** As IAM names them; left out for all that the role allows. */
  readonly actions?: readonly string[];
}

interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/**
 * A provider of credentials for one session of a role, which all clients of that session share: it is begun when the
 * first call is made, and again when its credentials are about to expire.
 * @param session `name`: 2 to 64 of `\w+=,.@-`, which CloudTrail shows with every call; `actions`: the IAM actions that the
 *   session is for, of which it may do what the role allows, and nothing else. Source: STS API Reference, "AssumeRole":
 *   RoleSessionName, Policy (2,048 characters at most).
 * @returns a provider that rejects with what the SDK throws where the role may not be assumed.
 * @example new KMSClient({ credentials: roleSession(sts, roleArn, { name: 'a1b2.enable-key', actions: ['kms:EnableKey'] }, Date.now) })
 */
export function roleSession(
  sts: STSClient,
  roleArn: string,
  session: RoleSession,
  now: () => number,
): () => Promise<SessionCredentials> {
  let begun: Promise<SessionCredentials> | undefined;
  let expiration = Number.POSITIVE_INFINITY;
  const begin = async () => {
    expiration = Number.POSITIVE_INFINITY;
    try {
      const credentials = await assume(sts, roleArn, session);
      expiration = credentials.expiration.getTime();
      return credentials;
    } catch (error) {
      // The next call tries again.
      begun = undefined;
      throw error;
    }
  };
  return () => {
    if (begun === undefined || expiration - now() <= renewedBefore) begun = begin();
    return begun;
  };
}

function policyFor(actions: readonly string[]) {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  };
}

async function assume(
  sts: STSClient,
  roleArn: string,
  { name, actions }: RoleSession,
): Promise<SessionCredentials> {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: name,
      DurationSeconds: sessionLasts,
      ...(actions === undefined ? {} : { Policy: JSON.stringify(policyFor(actions)) }),
    }),
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
