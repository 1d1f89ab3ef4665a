/** What the SDK throws: which errors mean that the caller may not, and all of them as a clause for people. */
import { at, text } from '../core/json.ts';

const denials = new Set([
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'NotAuthorized',
  'OptInRequired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);

/**
 * What is said of the caller, whatever it asks for: by the SDK where it finds no credentials, by AWS of a signature, by
 * STS and IAM Identity Center where a role is assumed, by EC2 of an account that AWS has blocked. Source: STS API
 * Reference, "Common Error Types"; IAM Identity Center Portal API Reference, "GetRoleCredentials"; EC2 API Reference,
 * "Error codes for the Amazon EC2 API".
 */
const callerFaults = new Set([
  'Blocked',
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'ForbiddenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidIdentityToken',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnauthorizedException',
]);

/** The error's code as AWS names it. */
export function codeOf(error: unknown): string {
  // Most of Node's own errors have their name from their class.
  return error instanceof Error ? error.name : (text(error, 'name') ?? '');
}

/** Whether the caller may not make the call. Source: "Error codes for the Amazon EC2 API"; "Common errors" of EKS, KMS. */
export function isDenial(error: unknown): boolean {
  return denials.has(codeOf(error));
}

/** Whether the caller may not make the call, or AWS accepts no call of it at all: its credentials, or its account. */
export function isRefusalOfCaller(error: unknown): boolean {
  return isDenial(error) || callerFaults.has(codeOf(error));
}

/** Whether AWS may answer the same in a while: it was asked too often, failed by itself, or was not reached. */
export function isUnanswered(error: unknown): boolean {
  const status = at(error, '$metadata', 'httpStatusCode');
  if (typeof status !== 'number' || status < 400 || status === 429 || status >= 500) return true;
  return error instanceof Error && /Throttl|TooManyRequests|LimitExceeded/.test(error.name);
}

/** The error's name and message: `AccessDenied (You may not)`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}${messageOf(error)}` : String(error);
}

/**
 * The error's message as the end of a clause, ` (You may not)`; empty where there is none. It has no full stop; EC2's
 * encoded part, which nobody can read, and the SDK's advice to look into its own objects are left out.
 */
export function messageOf(error: unknown): string {
  const message = (text(error, 'message') ?? '')
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s*Deserialization error: to see the raw response.*$/s, '')
    .replace(/\s+/g, ' ')
    .replace(/[.\s]+$/, '');
  if (message === '') return '';
  return ` (${message.length > 300 ? `${message.slice(0, 300)}…` : message})`;
}
