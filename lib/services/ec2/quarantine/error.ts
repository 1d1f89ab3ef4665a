/**
 * A step of a quarantine, or of its undo, that can't be taken. The message says why, and what to do about it;
 * completed steps stay, and another run continues from there.
 */
export class QuarantineError extends Error {
  override readonly name = 'QuarantineError';
}
