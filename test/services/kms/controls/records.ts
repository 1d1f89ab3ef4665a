/** KMS's records in short, for histories that the samples in `events/` do not tell. */

export const account = '111122223333';
export const other = '999999999999';
export const region = 'us-west-2';
export const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
export const keyArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;
export const mrkId = 'mrk-1234abcd12ab34cd56ef1234567890ab';

export const mrkArn = (inRegion: string): string => `arn:aws:kms:${inRegion}:${account}:key/${mrkId}`;

interface Rest {
  readonly request?: unknown;
  readonly response?: unknown;
  readonly arn?: string | null;
  readonly [field: string]: unknown;
}

/** A record of KMS about the key `arn`, which `null` leaves out of `resources[]`. */
export function kms(
  eventName: string,
  { request = null, response = null, arn = keyArn, ...rest }: Rest = {},
) {
  return {
    eventSource: 'kms.amazonaws.com',
    eventName,
    eventID: `id of ${eventName}`,
    eventTime: '2026-09-14T08:12:30Z',
    awsRegion: region,
    recipientAccountId: account,
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${account}:user/alice`,
      userName: 'alice',
      accountId: account,
    },
    requestParameters: request,
    responseElements: response,
    ...(arn === null ? {} : { resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: arn }] }),
    ...rest,
  };
}

/** A CreateKey whose response tells `metadata`. */
export function createKey(
  metadata: Readonly<Record<string, unknown>> = {},
  request: unknown = {},
  arn = keyArn,
) {
  const keyMetadata = {
    arn,
    keyManager: 'CUSTOMER',
    keySpec: 'SYMMETRIC_DEFAULT',
    keyUsage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    keyState: 'Enabled',
    multiRegion: false,
    ...metadata,
  };
  return kms('CreateKey', { request, response: { keyMetadata }, arn });
}

/** A PutKeyPolicy of these statements. */
export function putKeyPolicy(...statements: readonly unknown[]) {
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return kms('PutKeyPolicy', { request: { keyId, policyName: 'default', policy } });
}

/** The statement that gives an account, by its IAM policies, the whole key. */
export const rootStatement = {
  Sid: 'root',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: 'kms:*',
  Resource: '*',
};
