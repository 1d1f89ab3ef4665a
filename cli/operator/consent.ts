/** What a person at a terminal is asked before something is changed. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../exit.ts';

/** Where questions are asked; the answer without blanks around it. */
export type Ask = (question: string) => Promise<string>;

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Questions go to stderr, so that what is printed can be piped.
 * @returns `undefined` where nobody is there to answer.
 */
export function askAt(terminal: Terminal, signal: AbortSignal): Ask | undefined {
  const { input, output } = terminal;
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const lines = createInterface({ input, output });
    // Readline takes Ctrl-C for itself while it waits.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new AbortController();
    lines.once('close', () => closed.abort());
    try {
      const answer = await lines.question(question, { signal: AbortSignal.any([signal, closed.signal]) });
      return answer.trim();
    } catch (error) {
      signal.throwIfAborted();
      // The end of the input, Ctrl-D, is no answer, and so no yes.
      if (closed.signal.aborted) return '';
      throw error;
    } finally {
      lines.close();
    }
  };
}

export interface Consent {
  readonly reason?: string;
  readonly yes?: boolean;
}

/** @throws UsageError where an answer is needed that neither flags nor a person can give; before anything is read. */
export function checkConsent({ reason, yes }: Consent, ask: Ask | undefined, command: string): void {
  if (reason !== undefined && reason.trim() === '') {
    throw new UsageError(`${command} takes a reason that says something: --reason "…"`);
  }
  if (ask !== undefined && yes !== true) return;
  if (yes !== true) {
    throw new UsageError(`${command} asks before it changes anything, and there is no terminal: use --yes`);
  }
  if (reason === undefined) throw new UsageError(`${command} --yes needs --reason "…", for the audit trail`);
}

/**
 * @param question ends where the answer begins.
 * @returns the reason, or `undefined` when the person did not agree.
 */
export async function consented(
  { reason, yes }: Consent,
  ask: Ask | undefined,
  question: string,
): Promise<string | undefined> {
  if (yes === true || ask === undefined) return reason;
  const why = reason ?? (await ask('Why, for the audit trail? '));
  if (why === '') return undefined;
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `)) ? why : undefined;
}
