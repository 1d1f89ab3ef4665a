/** What the SDK throws, as a clause for people. */
import { at } from '../core/json.ts';

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

/** Whether the caller may not make the call. Source: "Error codes for the Amazon EC2 API"; "Common errors" of EKS, KMS. */
export function isDenial(error: unknown): boolean {
  return error instanceof Error && denials.has(error.name);
}

/** Whether AWS may answer the same in a while: it was asked too often, failed by itself, or was not reached. */
export function isUnanswered(error: unknown): boolean {
  const status = at(error, '$metadata', 'httpStatusCode');
  if (typeof status !== 'number' || status < 400 || status === 429 || status >= 500) return true;
  return error instanceof Error && /Throttl|TooManyRequests|LimitExceeded/.test(error.name);
}

/** The error's name and message without a full stop; EC2's encoded part, which nobody can read, is left out. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s+/g, ' ')
    .replace(/[.\s]+$/, '');
  if (message === '') return error.name;
  return `${error.name} (${message.length > 300 ? `${message.slice(0, 300)}…` : message})`;
}
