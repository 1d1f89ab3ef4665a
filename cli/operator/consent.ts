/** A person's consent, before a command changes something. */
import { createInterface } from 'node:readline/promises';
import type { ConsentFlags } from '../commands/options.ts';
import { UsageError } from '../exit.ts';

/** Asks a question and returns the answer, trimmed. */
export type Prompt = (question: string) => Promise<string>;

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Questions go to stderr by default, so that stdout can be piped.
 * @returns `undefined` where there is no terminal, so that nobody can answer.
 */
export function promptAt(
  signal: AbortSignal,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Prompt | undefined {
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
      // The end of the input, Ctrl-D, is no answer, and therefore not a yes.
      if (closed.signal.aborted) return '';
      throw error;
    } finally {
      lines.close();
    }
  };
}

/** @throws UsageError where neither options nor a person can give the consent; before AWS is called. */
export function checkConsent(
  { reason, yes }: ConsentFlags,
  prompt: Prompt | undefined,
  command: string,
): void {
  if (reason !== undefined && reason.trim() === '') {
    throw new UsageError(`${command} needs a reason that is not empty: --reason "…"`);
  }
  if (prompt !== undefined && yes !== true) return;
  if (yes !== true) {
    throw new UsageError(`${command} asks before it changes anything, and there is no terminal: use --yes`);
  }
  if (reason === undefined) throw new UsageError(`${command} --yes needs --reason "…", for the audit trail`);
}

/**
 * @param question without the end, where the answer begins.
 * @returns the reason, or `undefined` when the person did not agree.
 */
export async function consented(
  { reason: given, yes }: ConsentFlags,
  prompt: Prompt | undefined,
  question: string,
): Promise<string | undefined> {
  if (yes === true || prompt === undefined) return given;
  const reason = given ?? (await prompt('Reason, for the audit trail: '));
  if (reason === '') return undefined;
  return /^y(es)?$/i.test(await prompt(`${question} [y/N] `)) ? reason : undefined;
}
