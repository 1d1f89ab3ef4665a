import { ActionError } from '../../../core/action.ts';

/** A step of a quarantine, or of its undo, that can't be taken. */
export class QuarantineError extends ActionError {
  override readonly name = 'QuarantineError';
}
