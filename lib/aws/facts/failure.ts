/**
 * AWS's refusals, as unknown facts. Only what AWS, or the way to it, answered becomes one: a mistake of our own
 * is thrown on. Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; "Common errors" of EKS and KMS.
 */

import { type Unknown, unknownFact } from '../../core/facts.ts';
import { isObject, text } from '../../core/json.ts';

const denials = new Set([
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'NotAuthorized',
  'OptInRequired',
  'Blocked',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'MissingAuthenticationToken',
  'IncompleteSignature',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  // Not AWS's, but the SDK's, where there are no credentials to ask with.
  'CredentialsProviderError',
  'TokenProviderError',
]);

const throttles = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'EC2ThrottledException',
  'BandwidthLimitExceeded',
  'SlowDown',
]);

/** The error's code as AWS names it. */
function codeOf(error: unknown): string {
  // Most of Node's own errors have their name from their class.
  return error instanceof Error ? error.name : (text(error, 'name') ?? '');
}

/** Whether AWS says that there is no such resource, or that nothing could have this id. */
export function isNotFound(error: unknown): boolean {
  return /NotFound|Malformed|^InvalidGrantId/.test(codeOf(error));
}

/** Whether EC2 refused a whole call because of an id in it: `InvalidVolume.NotFound`, `InvalidInstanceType`, … */
export function refusesAnId(error: unknown): boolean {
  return /^Invalid/.test(codeOf(error)) && !denials.has(codeOf(error));
}

/** Whether the error is the service's answer with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

/**
 * @param action the action as IAM names it, `ec2:DescribeInstances`.
 * @returns why the fact is unknown. Throws the error again when it did not come from AWS or the way to it.
 */
export function failure(error: unknown, action: string): Unknown {
  const code = codeOf(error);
  const message = messageOf(error);
  if (denials.has(code)) return unknownFact('denied', `${action} was denied${message}`);
  if (throttles.has(code) || isThrottling(error)) {
    return unknownFact('throttled', `${action} was throttled for as long as it was tried${message}`);
  }
  // The SDK marks every error that comes out of a call so, also those of the network.
  if (!isObject(error) || !('$metadata' in error)) throw error;
  return unknownFact('failed', `${action} failed with ${code}${message}`);
}

function isThrottling(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { $retryable: retryable, $metadata: metadata } = error;
  return (
    (isObject(retryable) && retryable['throttling'] === true) ||
    (isObject(metadata) && metadata['httpStatusCode'] === 429)
  );
}

/** The message as the end of a clause; EC2's encoded part, which nobody can read, is left out. */
function messageOf(error: unknown): string {
  const message = (text(error, 'message') ?? '')
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s+/g, ' ')
    .replace(/[.\s]+$/, '');
  if (message === '') return '';
  return ` (${message.length > 300 ? `${message.slice(0, 300)}…` : message})`;
}
