/**
 * Turns AWS's errors into unknown facts. Only errors of AWS and of the network become one: errors in Trailseal's own
 * code are thrown again. Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; "Common errors" of EKS and
 * KMS.
 */

import { type Unknown, unknownFact } from '../../core/facts.ts';
import { isObject } from '../../core/json.ts';
import { codeOf, isRefusalOfCaller, messageOf } from '../reason.ts';

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

/** Whether AWS says that the resource does not exist, or that the id is malformed. */
export function isNotFound(error: unknown): boolean {
  return /NotFound|Malformed|^InvalidGrantId/.test(codeOf(error));
}

/**
 * Whether AWS refused a whole call because of an id in it: EC2 by `InvalidVolume.NotFound`, `InvalidInstanceType`, …, other
 * services by `…NotFoundException`.
 */
export function refusesAnId(error: unknown): boolean {
  return /^Invalid|NotFound/.test(codeOf(error)) && !isRefusalOfCaller(error);
}

/** Whether the error is the service's answer with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

/**
 * @param action the action as IAM names it, `ec2:DescribeInstances`.
 * @returns why the fact is unknown. Throws the error again when it came neither from AWS nor from the network.
 */
export function failure(error: unknown, action: string): Unknown {
  const code = codeOf(error);
  const message = messageOf(error);
  if (isRefusalOfCaller(error)) return unknownFact('denied', `${action} was denied${message}`);
  if (throttles.has(code) || isThrottling(error)) {
    return unknownFact('throttled', `${action} was throttled for as long as it was tried${message}`);
  }
  // The SDK adds this member to every error of a call, also to those of the network.
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
