/** Why S3 did not do what was asked, as clauses for people that name the IAM action. */
import { isDenial, reasonOf } from '../../lib/aws/reason.ts';

/** The IAM actions that reading an archive needs, of the bucket and of its objects. */
export const listPermission = 's3:ListBucket';
export const getPermission = 's3:GetObject';
/** Of the key of a trail whose log files are encrypted with one (SSE-KMS). */
export const decryptPermission = 'kms:Decrypt';

/** Source: Amazon S3 API Reference, "Error responses"; AWS CloudTrail User Guide, "Encrypting CloudTrail log files". */
export function whyNotListed(error: unknown): string {
  const told = reasonOf(error);
  if (named(error) === 'NoSuchBucket') return `there is no such bucket: ${told}`;
  if (isDenial(error)) return `${listPermission} was denied: ${told}; allow it on the bucket`;
  return `could not be listed, ${listPermission} failed: ${told}${advice(error)}`;
}

/** The same for an object that was listed. */
export function whyNotFetched(error: unknown): string {
  const told = reasonOf(error);
  const name = named(error);
  if (name === 'NoSuchKey') return `it was listed, and deleted when it was to be read: ${told}`;
  if (name === 'InvalidObjectState') {
    return `it is archived in a storage class of S3 Glacier: ${told}; restore it first (aws s3api restore-object), or leave its day out with --since`;
  }
  if (name.startsWith('KMS.'))
    return `it could not be decrypted: ${told}; see to the key that it is encrypted with`;
  if (isDenial(error)) {
    return told.includes(decryptPermission)
      ? `${decryptPermission} was denied: ${told}; allow it on the key that the object is encrypted with`
      : `${getPermission} was denied: ${told}; allow it on the objects of the bucket`;
  }
  return `could not be fetched, ${getPermission} failed: ${told}${advice(error)}`;
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
      return '; S3 is asked too much, try again later';
    default:
      return '';
  }
}
