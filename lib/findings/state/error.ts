/** Why the state table could not do what it was asked for. */

/**
 * `busy`: others kept writing the same entries, or DynamoDB had no capacity; the same may be asked again. `refused`:
 * DynamoDB did not carry out the call. `unreadable`: an item is not an entry as this version knows it.
 */
export type StateTableTrouble = 'busy' | 'refused' | 'unreadable';

export class StateTableError extends Error {
  override readonly name = 'StateTableError';
  readonly trouble: StateTableTrouble;
  /** The entries concerned. */
  readonly ids: readonly string[];

  /** @param message says what happened, and what the reader can do. */
  constructor(trouble: StateTableTrouble, ids: readonly string[], message: string, cause?: unknown) {
    super(message, { cause });
    this.trouble = trouble;
    this.ids = ids;
  }
}

/** The first of the ids, for a message. */
export function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).map((id) => printable(JSON.stringify(id)));
  return ids.length > shown.length
    ? `${shown.join(', ')} and ${ids.length - shown.length} more`
    : shown.join(', ');
}

/** Others' words, such as names of resources, fit for logs and terminals: all but printable ASCII is escaped. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
