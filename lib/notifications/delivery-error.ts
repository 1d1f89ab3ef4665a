/** A target did not take a message. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** Whether it would not take it a second time either, until a person changes something. */
  readonly permanent: boolean;

  /** @param message says what happened, and what the reader can do. */
  constructor(message: string, permanent: boolean, cause?: unknown) {
    super(message, { cause });
    this.permanent = permanent;
  }
}
