/** The exit codes of the `trailseal` command; documented in the README. */
export const exitCode = {
  /** All went well. */
  fine: 0,
  /** `--fail-on` was reached. */
  failOn: 1,
  /** The command line or the policy is wrong; nothing was done. */
  usage: 2,
  /** Some input could not be read, and the rest was processed; or AWS was not reached, or did not tell what was needed. */
  input: 3,
  /** A fault of Trailseal's own; what went wrong is on stderr. */
  fault: 70,
  /** Ended by Ctrl-C; files that were written are whole. */
  interrupted: 130,
} as const;

/** Something that the person at the command line has to fixed: shown without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** AWS was not reached, or did not tell what nothing can be done without: shown without a stack, exit code 3. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}
