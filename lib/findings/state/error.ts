/** The errors of the state table, and what DynamoDB's errors mean for it. */
import { at } from '../../core/json.ts';
import { printable } from '../../core/text.ts';

/**
 * `busy`: others kept writing the same entries, or DynamoDB had no capacity; the same may be asked again. `refused`:
 * DynamoDB did not carry out the call. `unreadable`: an item is damaged, or was changed by hand. `newer-format`: a newer
 * version of Trailseal wrote an item in a form that this one does not know.
 */
export type StateTableTrouble = 'busy' | 'refused' | 'unreadable' | 'newer-format';

export class StateTableError extends Error {
  override readonly name = 'StateTableError';
  readonly trouble: StateTableTrouble;
  /** The entries concerned. */
  readonly ids: readonly string[];
  /** Whether it is about what every message needs, exemptions or limits, and says nothing of the one that met it. */
  readonly ofAll: boolean;

  /** @param message says what happened, and what the reader can do. */
  constructor(
    trouble: StateTableTrouble,
    ids: readonly string[],
    message: string,
    cause?: unknown,
    { ofAll = false }: { readonly ofAll?: boolean } = {},
  ) {
    super(message, { cause });
    this.trouble = trouble;
    this.ids = ids;
    this.ofAll = ofAll;
  }
}

/**
 * Does work on what every message needs. Rejects with what `work` rejects with; its `StateTableError` is then of all.
 * @example await neededByAll(() => this.#read(kind))
 */
export async function neededByAll<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StateTableError)) throw error;
    const { trouble, ids, message, cause } = error;
    throw new StateTableError(trouble, ids, message, cause ?? error, { ofAll: true });
  }
}

/** The first of the ids, for a message. */
export function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).map((id) => printable(JSON.stringify(id)));
  return ids.length > shown.length
    ? `${shown.join(', ')} and ${ids.length - shown.length} more`
    : shown.join(', ');
}

/** DynamoDB did not carry out the call, for want of capacity. Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB". */
const throttles: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingError',
  'ThrottlingException',
]);

/** Whether DynamoDB carried out the call is unknown. */
const unanswered: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'TransactionInProgressException',
]);

/** Whether it is the name of an error, or the code of a cancellation, by which DynamoDB asks for fewer calls. */
export function isThrottle(name: string): boolean {
  return throttles.has(name);
}

/** Whether the call may have been carried out though it failed. */
export function mayBeDone(error: unknown): boolean {
  const status = at(error, '$metadata', 'httpStatusCode');
  return unanswered.has(nameOf(error)) || (typeof status === 'number' && status >= 500);
}

export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return unanswered.has(code ?? '') ? (code ?? error.name) : error.name;
}

/**
 * What became of a call that failed, for people.
 * @param ids the entries that it was about; none where it was about an index.
 */
export function failureOf(
  error: unknown,
  table: string,
  ids: readonly string[],
  verb: 'read' | 'written',
): StateTableError {
  const name = printable(nameOf(error));
  const detail = error instanceof Error ? ` (${printable(error.message).slice(0, 300)})` : '';
  const which = ids.length === 0 ? '' : ` for ${someOf(ids)}`;
  return isThrottle(nameOf(error)) || mayBeDone(error)
    ? new StateTableError(
        'busy',
        ids,
        `The state table's table ${table} could not be ${verb}${which}: ${name}${detail}. The same may be asked again.`,
        error,
      )
    : new StateTableError(
        'refused',
        ids,
        `The state table's table ${table} can't be ${verb}${which}: ${name}${detail}. Check that the stack is deployed in this ` +
          'account and Region and that the caller is allowed what docs/iam.md lists.',
        error,
      );
}
