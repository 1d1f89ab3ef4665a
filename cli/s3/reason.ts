/** Why a call to S3 failed, as clauses for people that name the IAM action. */
import { isDenial, reasonOf } from '../../lib/aws/reason.ts';

/** The IAM actions that reading an archive needs, on the bucket and on its objects. */
export const listPermission = 's3:ListBucket';
export const getPermission = 's3:GetObject';
/** On the key of a trail whose log files are encrypted (SSE-KMS). */
export const decryptPermission = 'kms:Decrypt';

/** Source: Amazon S3 API Reference, "Error responses"; AWS CloudTrail User Guide, "Encrypting CloudTrail log files". */
export function whyNotListed(error: unknown): string {
  const cause = reasonOf(error);
  if (named(error) === 'NoSuchBucket') return `there is no such bucket: ${cause}`;
  if (isDenial(error)) return `${listPermission} was denied: ${cause}; allow it on the bucket`;
  return `could not be listed, ${listPermission} failed: ${cause}${advice(error)}`;
}

/** The same for an object that was listed. */
export function whyNotFetched(error: unknown): string {
  const cause = reasonOf(error);
  const name = named(error);
  if (name === 'NoSuchKey') return `it was deleted after it was listed: ${cause}`;
  if (name === 'InvalidObjectState') {
    return `it is archived in a storage class of S3 Glacier: ${cause}; restore it first (aws s3api restore-object), or exclude its day with --since`;
  }
  if (name.startsWith('KMS.'))
    return `it could not be decrypted: ${cause}; check the KMS key that it is encrypted with`;
  if (isDenial(error)) {
    return cause.includes(decryptPermission)
      ? `${decryptPermission} was denied: ${cause}; allow it on the key that the object is encrypted with`
      : `${getPermission} was denied: ${cause}; allow it on the objects of the bucket`;
  }
  return `could not be fetched, ${getPermission} failed: ${cause}${advice(error)}`;
}

function named(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function advice(error: unknown): string {
  switch (named(error)) {
    case 'ExpiredToken':
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'SignatureDoesNotMatch':
      return '; log in again, or name another profile with --profile';
    case 'SlowDown':
      return '; S3 throttles the calls, try again later';
    default:
      return '';
  }
}
