/**
 * What the queue of remediation holds: transitions, as the bus delivers them, the end of grace periods, what a scheduled scan found
 * open still, and orders of operators.
 */
import * as z from 'zod/mini';
import { at, isObject } from '../core/json.ts';
import { transitionSchema, transitionSource } from './events/transition.ts';
import { type ActionRequest, actionRequestSchema } from './requested-action.ts';

/** Why a finding is looked at: it was opened, or changed, at some time. */
export interface Occasion {
  readonly finding: string;
  /** The finding's `openedAt` then: one that was closed and opened again has an occasion of its own. */
  readonly openedAt: string | null;
  /** When the state table took note of it, epoch milliseconds: grace periods begin then. */
  readonly since: number;
  /** It is only that a scheduled scan found it open still: people have been told of all that stands in the way. */
  readonly reminder: boolean;
}

/** What became of the message before. */
interface Tries {
  /** How often it was begun or resumed, from 1. */
  readonly attempt: number;
  /** Whether people were told that it is partially completed. */
  readonly partiallyCompleted: boolean;
}

export type RemediationMessage =
  | ({ readonly kind: 'occasion'; readonly occasion: Occasion } & Tries)
  | ({ readonly kind: 'order'; readonly order: ActionRequest } & Tries)
  | { readonly kind: 'malformed'; readonly reason: string };

const occasionSchema = z.object({
  finding: z.string().check(z.minLength(1)),
  openedAt: z.nullable(z.string()),
  since: z.number(),
  reminder: z._default(z.boolean(), false),
});

/** @returns what the body asks for; `malformed`, with a reason for people, where nothing can be made of it. */
export function parseRemediation(body: string): RemediationMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const tries = triesIn(at(value, 'trailseal'));
  const own = at(value, 'trailseal', 'occasion');
  if (own !== undefined) {
    const occasion = occasionSchema.safeParse(own);
    return occasion.success
      ? { kind: 'occasion', occasion: occasion.data, ...tries }
      : malformed(`its occasion: ${occasion.error.issues[0]?.message}`);
  }
  const requested = at(value, 'trailseal', 'order');
  if (requested !== undefined) {
    const order = actionRequestSchema.safeParse(requested);
    return order.success
      ? { kind: 'order', order: order.data, ...tries }
      : malformed(`its order: ${order.error.issues[0]?.message}`);
  }
  if (at(value, 'source') !== transitionSource) return malformed(`it is no event of "${transitionSource}"`);
  const transition = transitionSchema.safeParse(at(value, 'detail'));
  if (!transition.success) {
    const [issue] = transition.error.issues;
    return malformed(`its detail is no transition: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { finding, openedAt, sequence } = transition.data;
  return { kind: 'occasion', occasion: { finding, openedAt, since: sequence, reminder: false }, ...tries };
}

/** The message that has a finding looked after: at the end of a grace period, or because a scheduled scan found it open. */
export function remediateBody(occasion: Occasion): unknown {
  return { trailseal: { version: 1, kind: 'remediate', occasion } };
}

/** The message that brings an operator's order. */
export function requestBody(order: ActionRequest): unknown {
  return { trailseal: { version: 1, kind: 'order', order } };
}

/** The same message once more: what it asks for is under way, or partially completed. */
export function onceMore(body: unknown, tries: Tries): unknown {
  const own = at(body, 'trailseal');
  return { ...(isObject(body) ? body : {}), trailseal: { ...(isObject(own) ? own : {}), ...tries } };
}

function triesIn(own: unknown): Tries {
  const attempt = at(own, 'attempt');
  const counted = typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0;
  return { attempt: counted ? attempt : 1, partiallyCompleted: at(own, 'partiallyCompleted') === true };
}

function malformed(reason: string): RemediationMessage {
  return { kind: 'malformed', reason };
}
