/**
 * Security Hub's refusals, of a call or of a finding in it, by what is to be done about them. Only what Security Hub
 * answered, or the way to it, becomes one: a mistake of our own is thrown on.
 * Source: Security Hub API Reference, "BatchImportFindings" (Errors), "ImportFindingsError", "Common Error Types";
 * AWS Security Hub User Guide, "BatchImportFindings for finding providers" (InvalidAccess).
 */
import { oneLine } from './plain.ts';

export interface Refusal {
  /** Security Hub's own, or `FindingTooLarge`. */
  readonly code: string;
  readonly message: string;
}

export type CallFailure =
  /** Nothing will be taken in this account and Region until somebody changes that. */
  | { readonly kind: 'off'; readonly because: OffBecause; readonly refusal: Refusal }
  /** Something in the call is refused for good. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Throttled, out of order or out of reach: the same call may do later. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export type OffBecause =
  /** Security Hub is not enabled. */
  | 'not-enabled'
  /** The caller may not import findings. */
  | 'denied';

const denials = new Set(['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation', 'OptInRequired']);

const inputErrors = new Set([
  'InvalidInputException',
  'ValidationException',
  'ValidationError',
  'SerializationException',
  'RequestEntityTooLargeException',
]);

/** @throws the error again, when it did not come from Security Hub or the way to it. */
export function callFailure(error: unknown): CallFailure {
  // The SDK marks every error that comes out of a call so, also those of the network.
  if (!(error instanceof Error) || !('$metadata' in error)) throw error;
  const refusal = refusalOf(error.name, error.message);
  if (isOff(error.name)) return { kind: 'off', because: 'not-enabled', refusal };
  if (denials.has(error.name)) return { kind: 'off', because: 'denied', refusal };
  if (inputErrors.has(error.name) || statusOf(error.$metadata) === 413) return { kind: 'refused', refusal };
  return { kind: 'unavailable', reason: reasonOf(refusal) };
}

/** Whether the code says that Security Hub is not enabled: `InvalidAccessException` of a call, `InvalidAccess` of a finding. */
export function isOff(code: string): boolean {
  return /^InvalidAccess(Exception)?$/.test(code);
}

/** Whether a finding that was refused with this code may be taken later. */
export function isTransient(code: string): boolean {
  return /throttl|limit.?exceeded|internal|unavailable|time.?out|too.?many|conflict/i.test(code);
}

/** What Security Hub says, in one line: a message may repeat what a finding holds. */
export function refusalOf(code: string | undefined, message: string | undefined): Refusal {
  return {
    code: oneLine(code ?? '', 100) || 'Unknown',
    message: oneLine(message ?? '', 500) || 'Security Hub gives no reason',
  };
}

/** A refusal as one clause. */
export function reasonOf({ code, message }: Refusal): string {
  return `${code}: ${message}`;
}

function statusOf(metadata: unknown): unknown {
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? metadata.httpStatusCode
    : undefined;
}
