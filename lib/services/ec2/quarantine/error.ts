/**
 * A step of a quarantine, or of its undo, that can't be taken. The message says what stands in the way and what to
 * do about it; what was done so far stays done, and doing it again goes on from there.
 */
export class QuarantineError extends Error {
  override readonly name = 'QuarantineError';
}
