/**
 * Errors of Security Hub, of a call or of a finding in it, by what to do about them. An internal error of Trailseal is
 * thrown on.
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
  /** Security Hub takes nothing in this account and Region until somebody changes that. */
  | { readonly kind: 'off'; readonly because: OffBecause; readonly refusal: Refusal }
  /** Security Hub refuses something in the call, and would refuse it again. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Throttled, failed or not reached: the same call may succeed later. */
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

/**
 * @throws the error again, when it comes from no call of Security Hub.
 * @example callFailure(error).kind // 'unavailable', of a ThrottlingException
 */
export function callFailure(error: unknown): CallFailure {
  // The SDK marks every error that comes out of a call so, also those of the network.
  if (!(error instanceof Error) || !('$metadata' in error)) throw error;
  const refusal = refusalOf(error.name, error.message);
  if (isOff(error.name)) return { kind: 'off', because: 'not-enabled', refusal };
  if (denials.has(error.name)) return { kind: 'off', because: 'denied', refusal };
  if (inputErrors.has(error.name) || statusOf(error.$metadata) === 413) return { kind: 'refused', refusal };
  return { kind: 'unavailable', reason: reasonOf(refusal) };
}

/**
 * Whether the code says that Security Hub is not enabled: `InvalidAccessException` of a call, `InvalidAccess` of a finding.
 * @example isOff('InvalidAccessException') // true
 */
export function isOff(code: string): boolean {
  return /^InvalidAccess(Exception)?$/.test(code);
}

/**
 * Whether a finding that was refused with this code may be taken later.
 * @example isTransient('InternalError') // true
 */
export function isTransient(code: string): boolean {
  return /throttl|limit.?exceeded|internal|unavailable|time.?out|too.?many|conflict/i.test(code);
}

/**
 * Security Hub's message in one line: it may repeat texts of the finding.
 * @example refusalOf('InvalidInput', 'Title is\ntoo long') // { code: 'InvalidInput', message: 'Title is too long' }
 */
export function refusalOf(code: string | undefined, message: string | undefined): Refusal {
  return {
    code: oneLine(code ?? '', 100) || 'Unknown',
    message: oneLine(message ?? '', 500) || 'Security Hub gives no reason',
  };
}

/**
 * A refusal as one clause.
 * @example reasonOf({ code: 'InvalidInput', message: 'Title is too long' }) // 'InvalidInput: Title is too long'
 */
export function reasonOf({ code, message }: Refusal): string {
  return `${code}: ${message}`;
}

function statusOf(metadata: unknown): unknown {
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? metadata.httpStatusCode
    : undefined;
}
