/** Something in the input that could not be read, and why. */
export interface InputError {
  readonly file: string;
  /** The line at which the trouble starts, counted from 1; absent where lines mean nothing. */
  readonly line?: number;
  readonly reason: string;
}
