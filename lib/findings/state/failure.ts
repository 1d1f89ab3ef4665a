/** What DynamoDB's refusals mean for whoever made the call. */
import { at } from '../../core/json.ts';
import { printable, StateTableError, someOf } from './error.ts';

/** Not carried out for want of capacity. Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB". */
const throttles: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingError',
  'ThrottlingException',
]);

/** Carried out or not: nobody knows. */
const lost: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'TransactionInProgressException',
]);

/** Whether it is the name of an error, or the code of a cancellation, by which DynamoDB asks for retry delay. */
export function isThrottle(name: string): boolean {
  return throttles.has(name);
}

/** Whether the call may have been carried out though it failed. */
export function isLost(error: unknown): boolean {
  const status = at(error, '$metadata', 'httpStatusCode');
  return lost.has(nameOf(error)) || (typeof status === 'number' && status >= 500);
}

export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return lost.has(code ?? '') ? (code ?? error.name) : error.name;
}

/**
 * The failure of a call, told to people.
 * @param ids the entries that it was about; none where it was about an index.
 */
export function failureOf(
  error: unknown,
  table: string,
  ids: readonly string[],
  verb: 'read' | 'written',
): StateTableError {
  const name = printable(nameOf(error));
  const said = error instanceof Error ? ` (${printable(error.message).slice(0, 300)})` : '';
  const which = ids.length === 0 ? '' : ` for ${someOf(ids)}`;
  return isThrottle(nameOf(error)) || isLost(error)
    ? new StateTableError(
        'busy',
        ids,
        `The state table's table ${table} could not be ${verb}${which}: ${name}${said}. The same may be asked again.`,
        error,
      )
    : new StateTableError(
        'refused',
        ids,
        `The state table's table ${table} can't be ${verb}${which}: ${name}${said}. Check that the stack is deployed in this ` +
          'account and Region and that the caller is allowed what docs/iam.md lists.',
        error,
      );
}
