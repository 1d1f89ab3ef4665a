/** The deployed stack, for a test file: importing this has programs and clients use the emulated AWS. */
import { inject, vi } from 'vitest';
import { environmentOf } from './callers.ts';
import { type StackClients, stackOf } from './stack.ts';

export const env = inject('emulatedAws');
Object.assign(process.env, env);

export const callers = inject('callers');

/** The environment of the command as the operator runs it. */
export const operatorEnv = { ...env, ...environmentOf(callers.operator) };

export const stack: StackClients = stackOf(callers);

/** Waits until an expectation holds. The first event of an evaluator includes the cold start of its function. */
export async function eventually(expectation: () => Promise<void>, withinMs = 45_000): Promise<void> {
  await vi.waitFor(expectation, { timeout: withinMs, interval: 300 });
}
