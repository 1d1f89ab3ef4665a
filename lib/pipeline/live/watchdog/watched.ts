/** Which parts the watchdog watches, as the template passes them: JSON in an environment variable. */
import * as z from 'zod/mini';
import { EnvironmentError } from '../environment.ts';
import type { WatchedParts } from './silence.ts';

const names = z.array(z.string().check(z.minLength(1)));

const shape = z.object({
  rules: z.array(
    z.object({ name: z.string(), bus: z.exactOptional(z.string()), queues: names, pattern: z.string() }),
  ),
  functions: z.array(
    z.object({
      name: z.string(),
      queue: z.exactOptional(z.string()),
      filters: z.exactOptional(z.string()),
    }),
  ),
  schedules: z.array(
    z.object({ name: z.string(), expression: z.string(), queue: z.string(), input: z.string() }),
  ),
  evaluators: names,
  scanMinutes: z.number().check(z.positive()),
});

/**
 * The parts that the template names.
 * @param json the value of `TRAILSEAL_WATCHED`.
 * @throws EnvironmentError for a value that the template did not write.
 * @example watchedPartsIn(JSON.stringify(watched)) // watched
 */
export function watchedPartsIn(json: string): WatchedParts {
  const fault = (cause: unknown): EnvironmentError =>
    new EnvironmentError('TRAILSEAL_WATCHED', `does not name parts of a deployment (${String(cause)})`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw fault(error);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw fault(z.prettifyError(parsed.error));
  return parsed.data;
}
