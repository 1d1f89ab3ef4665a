/** What the queue of remediation holds: transitions, as the bus delivers them, and the end of grace periods. */
import * as z from 'zod/mini';
import { at } from '../json.ts';
import { transitionSchema, transitionSource } from '../transitions/transition.ts';
import type { Occasion } from './remediator.ts';

export type RemediationMessage =
  | { readonly kind: 'occasion'; readonly occasion: Occasion }
  | { readonly kind: 'malformed'; readonly reason: string };

const occasionSchema = z.object({
  finding: z.string().check(z.minLength(1)),
  openedAt: z.nullable(z.string()),
  since: z.number(),
});

/** @returns what the body asks for; `malformed`, with a reason for people, where nothing can be made of it. */
export function parseRemediation(body: string): RemediationMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const own = at(value, 'trailseal', 'occasion');
  if (own !== undefined) {
    const occasion = occasionSchema.safeParse(own);
    return occasion.success
      ? { kind: 'occasion', occasion: occasion.data }
      : malformed(`its occasion: ${occasion.error.issues[0]?.message}`);
  }
  if (at(value, 'source') !== transitionSource) return malformed(`it is no event of "${transitionSource}"`);
  const transition = transitionSchema.safeParse(at(value, 'detail'));
  if (!transition.success) {
    const [issue] = transition.error.issues;
    return malformed(`its detail is no transition: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { finding, openedAt, sequence } = transition.data;
  return { kind: 'occasion', occasion: { finding, openedAt, since: sequence } };
}

/** The body of the message that ends a grace period. */
export function wakeUp(occasion: Occasion): string {
  return JSON.stringify({ trailseal: { version: 1, kind: 'remediate', occasion } });
}

function malformed(reason: string): RemediationMessage {
  return { kind: 'malformed', reason };
}
